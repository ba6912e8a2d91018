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
{{- end -}}

{{- define "app.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: api
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
