{{/* What starts the service: the template of its pods. The context: `root`, `component` (api or worker), `resources`. */}}
{{- define "app.pod" -}}
{{- $root := .root -}}
{{- $selector := include "app.selectorOf" . -}}
metadata:
  labels:
    {{- $selector | nindent 4 }}
    app.kubernetes.io/version: {{ include "app.tag" $root | quote }}
    {{- with $root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
    {{- if eq $root.Values.scrape.by "annotations" }}
    prometheus.io/scrape: "true"
    prometheus.io/port: "8000"
    prometheus.io/path: /metrics
    {{- end }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with include "serviceAccount.name" $root }}
  serviceAccountName: {{ . }}
  {{- end }}
  {{- include "pod.security" $root | nindent 2 }}
  {{- with include "pod.placement" $root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  terminationGracePeriodSeconds: 45
  topologySpreadConstraints:
    {{- if $root.Values.topologySpreadConstraints }}
    {{- toYaml $root.Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- $selector | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- with $root.Values.hostAliases }}
  hostAliases: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.initContainers }}
  initContainers: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: be
      {{- include "app.container" . | nindent 6 }}
    {{- with $root.Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "app.volumes" $root | nindent 4 }}
{{- end -}}

{{- define "app.container" -}}
{{- $root := .root -}}
image: {{ include "image.reference" (dict "image" $root.Values.image "tag" (include "app.tag" $root)) | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
{{ include "container.security" $root }}
ports:
  - name: http
    containerPort: 8000
  {{- if and (eq $root.Values.frp.mode "deployment") (eq .component "api") }}
  - name: proxy
    containerPort: {{ include "app.proxyPort" $root }}
  {{- end }}
envFrom:
  - configMapRef:
      name: {{ include "app.name" $root }}
  {{- with $root.Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  {{- include "app.environment" . | nindent 2 }}
  {{- with $root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $patience := $root.Values.startupSeconds }}
startupProbe:
  httpGet: { path: /healthz, port: http }
  {{- include "app.probe" (dict "over" $root.Values.probes.startup "period" 5 "failures" (div (add $patience 4) 5)) | nindent 2 }}
livenessProbe:
  httpGet: { path: /healthz, port: http }
  {{- include "app.probe" (dict "over" $root.Values.probes.liveness "period" 10 "failures" 6) | nindent 2 }}
readinessProbe:
  httpGet: { path: /readyz, port: http }
  {{- include "app.probe" (dict "over" $root.Values.probes.readiness "period" 5 "failures" 3) | nindent 2 }}
lifecycle:
  preStop:
    exec:
      command: [sleep, "5"]
resources: {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - { name: data, mountPath: /var/lib/meta_be }
  - { name: logs, mountPath: /var/log/meta_be }
  - { name: run, mountPath: /run/meta_be }
  - { name: tmp, mountPath: /tmp }
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "app.probe" -}}
periodSeconds: {{ .over.periodSeconds | default .period }}
timeoutSeconds: {{ .over.timeoutSeconds | default 5 }}
failureThreshold: {{ .over.failureThreshold | default .failures }}
{{- end -}}

{{- define "app.volumes" -}}
- name: data
  {{- if eq .Values.files.store "volume" }}
  persistentVolumeClaim:
    claimName: {{ .Values.files.volume.existingClaim | default (printf "%s-files" (include "app.name" .)) }}
  {{- else }}
  emptyDir: { sizeLimit: 64Mi }
  {{- end }}
- name: logs
  emptyDir: { sizeLimit: {{ add 256 (mul 64 .Values.processes) }}Mi }
- name: run
  emptyDir: { sizeLimit: 128Mi }
- name: tmp
  emptyDir: { sizeLimit: 2Gi }
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "app.rollout" -}}
revisionHistoryLimit: 5
progressDeadlineSeconds: {{ add .Values.startupSeconds 120 }}
strategy:
  {{- if include "app.alone" . }}
  type: Recreate
  {{- else }}
  type: RollingUpdate
  rollingUpdate:
    maxUnavailable: 0
    maxSurge: 1
  {{- end }}
{{- end -}}
