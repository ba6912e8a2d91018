{{/* How pods of this chart are confined; uid 10001 is the image's own user. */}}
{{- define "pod.security" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "container.security" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Where pods may run, and with which right to the registry. */}}
{{- define "pod.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The most pods that run once an update is through. */}}
{{- define "app.mostPods" -}}
{{ ternary .Values.autoscaling.maxReplicas .Values.replicas .Values.autoscaling.enabled | int }}
{{- end -}}

{{- define "app.fewestPods" -}}
{{ ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled | int }}
{{- end -}}

{{/* "yes" where an old and a new pod can not run side by side: a volume for one node, or one public port for both. */}}
{{- define "app.alone" -}}
{{- $volume := and (eq .Values.files.store "volume") (ne .Values.files.volume.accessMode "ReadWriteMany") -}}
{{- if or $volume (eq .Values.frp.mode "image") -}}yes{{- end -}}
{{- end -}}

{{/* Database connections at the worst: every process and every worker with a full pool and one for figures, during an update. */}}
{{- define "app.db.pools" -}}
{{- $pods := add (include "app.mostPods" . | int) (ternary 0 1 (eq (include "app.alone" .) "yes")) -}}
{{- mul $pods (add (.Values.processes | int) 1) (add (.Values.settings.POOL_SIZE | int) 1) -}}
{{- end -}}
