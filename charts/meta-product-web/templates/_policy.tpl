{{- define "policy.dns" -}}
- ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- end -}}

{{- define "policy.database" -}}
- ports:
    - { protocol: TCP, port: {{ .Values.database.port }} }
  {{- with .Values.networkPolicy.databaseTo }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The port that a URL leads to. */}}
{{- define "policy.portOf" -}}
{{- $url := urlParse . -}}
{{- $written := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $written | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- end -}}

{{/* The port of files.s3.endpoint, where it is given. */}}
{{- define "policy.s3Port" -}}
{{- if .Values.files.s3.endpoint -}}
{{- include "policy.portOf" .Values.files.s3.endpoint -}}
{{- else -}}
{{- .Values.networkPolicy.s3.port -}}
{{- end -}}
{{- end -}}
