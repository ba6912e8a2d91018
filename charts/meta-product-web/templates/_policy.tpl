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

{{/* The port of files.s3.endpoint, where it is given. */}}
{{- define "policy.s3Port" -}}
{{- if .Values.files.s3.endpoint -}}
{{- $url := urlParse .Values.files.s3.endpoint -}}
{{- $written := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $written | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- else -}}
{{- .Values.networkPolicy.s3.port -}}
{{- end -}}
{{- end -}}
