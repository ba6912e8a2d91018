{{- define "app.name" -}}
{{ .Chart.Name }}
{{- end -}}

{{/* Where frpc connects to, naming the client at the start of each connection. */}}
{{- define "app.proxyPort" -}}
8100
{{- end -}}

{{- define "frpc.name" -}}
{{ .Chart.Name }}-frpc
{{- end -}}

{{- define "app.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "common.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/part-of: meta
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "worker.name" -}}
{{ .Chart.Name }}-worker
{{- end -}}

{{- define "migration.name" -}}
{{ .Chart.Name }}-migration
{{- end -}}

{{- define "backup.name" -}}
{{ .Chart.Name }}-backup
{{- end -}}

{{/* The pods of one component; the context: `root` and `component`. */}}
{{- define "app.selectorOf" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "app.selector" -}}
{{ include "app.selectorOf" (dict "root" . "component" "api") }}
{{- end -}}

{{- define "worker.selector" -}}
{{ include "app.selectorOf" (dict "root" . "component" "worker") }}
{{- end -}}

{{/* A whole selector of all pods of the service, those of the worker too; each answers /metrics. */}}
{{- define "service.pods" -}}
{{- if .Values.worker.separate -}}
matchLabels:
  app.kubernetes.io/name: {{ .Chart.Name }}
  app.kubernetes.io/instance: {{ .Release.Name }}
matchExpressions:
  - { key: app.kubernetes.io/component, operator: In, values: [api, worker] }
{{- else -}}
matchLabels: {{- include "app.selector" . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* The labels of an object of another component; the context: `root` and `component`. */}}
{{- define "app.labelsOf" -}}
{{ include "app.selectorOf" . }}
app.kubernetes.io/version: {{ include "app.tag" .root | quote }}
{{ include "common.labels" .root }}
{{- end -}}

{{- define "worker.labels" -}}
{{ include "app.labelsOf" (dict "root" . "component" "worker") }}
{{- end -}}

{{/* Empty: the namespace's own, `default`. */}}
{{- define "serviceAccount.name" -}}
{{ .Values.serviceAccount.name | default (ternary (include "app.name" .) "" .Values.serviceAccount.create) }}
{{- end -}}

{{- define "app.podLabels" -}}
{{ include "app.selector" . }}
app.kubernetes.io/version: {{ include "app.tag" . | quote }}
{{- end -}}

{{- define "app.labels" -}}
{{ include "app.podLabels" . }}
{{ include "common.labels" . }}
{{- end -}}

{{- define "frpc.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: frpc
{{- end -}}

{{- define "frpc.podLabels" -}}
{{ include "frpc.selector" . }}
app.kubernetes.io/version: {{ .Values.frp.image.tag | quote }}
{{- end -}}

{{- define "frpc.labels" -}}
{{ include "frpc.podLabels" . }}
{{ include "common.labels" . }}
{{- end -}}
