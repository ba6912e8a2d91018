{{/* Where a monitor of the Prometheus Operator scrapes, and what it sends. */}}
{{- define "scrape.endpoint" -}}
path: /metrics
{{- with .Values.scrape.interval }}
interval: {{ . }}
{{- end }}
{{- with .Values.metricsToken }}
{{- if .secret }}
authorization:
  credentials:
    name: {{ .secret }}
    key: {{ .key }}
{{- end }}
{{- end }}
{{- end -}}
