{{/* How pods of this chart are confined; uid 10001 is the image's own user. */}}
{{- define "pod.security" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{ include "merged.block" (dict "name" "securityContext" "own" (include "pod.confined" .) "over" .Values.podSecurityContext) }}
{{- end -}}

{{- define "pod.confined" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "container.security" -}}
{{ include "merged.block" (dict "name" "securityContext" "own" (include "container.confined" .) "over" .Values.containerSecurityContext) }}
{{- end -}}

{{- define "container.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* A block `name` of the chart's `own` keys, those in `over` put over them. */}}
{{- define "merged.block" -}}
{{ .name }}:
{{- if .over }}
{{- mergeOverwrite (fromYaml .own) (deepCopy .over) | toYaml | nindent 2 }}
{{- else }}
{{- .own | nindent 2 }}
{{- end }}
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

{{/* "repository:tag", "@digest" after it where one is given: then the digest alone decides which image it is. */}}
{{- define "image.reference" -}}
{{ .image.repository }}:{{ .tag }}{{ with .image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* The most pods that run once an update is through. */}}
{{- define "app.mostPods" -}}
{{ ternary .Values.autoscaling.maxReplicas .Values.replicas .Values.autoscaling.enabled | int }}
{{- end -}}

{{- define "app.fewestPods" -}}
{{ ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled | int }}
{{- end -}}

{{/* Pods beside them that share their files. */}}
{{- define "worker.pods" -}}
{{ ternary .Values.worker.replicas 0 .Values.worker.separate | int }}
{{- end -}}

{{/* "yes" where an old and a new pod can not run side by side: a volume for one node, or one public port for both. */}}
{{- define "app.alone" -}}
{{- $volume := and (eq .Values.files.store "volume") (ne .Values.files.volume.accessMode "ReadWriteMany") -}}
{{- if or $volume (eq .Values.frp.mode "image") -}}yes{{- end -}}
{{- end -}}

{{/* Database connections at the worst, during an update: every program with a full pool and one for figures. */}}
{{- define "app.db.pools" -}}
{{- $more := ternary 0 1 (eq (include "app.alone" .) "yes") -}}
{{- $web := mul (add (include "app.mostPods" . | int) $more) (add (.Values.processes | int) (ternary 0 1 .Values.worker.separate)) -}}
{{- add (mul $web (add (.Values.settings.POOL_SIZE | int) 1)) (include "worker.connections" . | int) -}}
{{- end -}}

{{/* A pod of the worker's runs the worker and one API process. */}}
{{- define "worker.connections" -}}
{{- $more := ternary 0 1 (eq (include "app.alone" .) "yes") -}}
{{- $pods := ternary (add (include "worker.pods" . | int) $more) 0 .Values.worker.separate -}}
{{- mul $pods 2 (add (.Values.settings.POOL_SIZE | int) 1) -}}
{{- end -}}
