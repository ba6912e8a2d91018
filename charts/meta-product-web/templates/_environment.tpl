{{- define "env.secret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/* Everything that comes from a Secret; the plain settings come from the config map. */}}
{{- define "app.environment" -}}
{{ include "env.secret" (dict "name" "SECRET_KEY" "secret" .Values.appSecret "key" "SECRET_KEY") }}
{{ include "env.secret" (dict "name" "PLATFORM_SECRET" "secret" .Values.appSecret "key" "PLATFORM_SECRET") }}
{{- with .Values.database }}
{{- if .url.secret }}
{{ include "env.secret" (dict "name" "DATABASE_URL" "secret" .url.secret "key" .url.key) }}
{{- else }}
{{ include "env.secret" (dict "name" "DB_PWD" "secret" .secret "key" "pwd") }}
{{- $database := . }}
{{- range $key, $name := dict "host" "DB_HOST" "user" "DB_USER" "db_name" "DB_NAME" }}
{{- if not (get $database $key) }}
{{ include "env.secret" (dict "name" $name "secret" $database.secret "key" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- if .replicaUrl.secret }}
{{ include "env.secret" (dict "name" "DATABASE_REPLICA_URL" "secret" .replicaUrl.secret "key" .replicaUrl.key) }}
{{- end }}
{{- end }}
{{- with .Values.metricsToken }}
{{- if .secret }}
{{ include "env.secret" (dict "name" "METRICS_TOKEN" "secret" .secret "key" .key) }}
{{- end }}
{{- end }}
{{- if eq .Values.files.store "s3" }}
{{- with .Values.files.s3 }}
{{ include "env.secret" (dict "name" "S3_ACCESS_KEY" "secret" .secret "key" "access_key") }}
{{ include "env.secret" (dict "name" "S3_SECRET_KEY" "secret" .secret "key" "secret_key") }}
{{- $s3 := . }}
{{- range $key, $name := dict "endpoint" "S3_ENDPOINT" "bucket" "S3_BUCKET" }}
{{- if not (get $s3 $key) }}
{{ include "env.secret" (dict "name" $name "secret" $s3.secret "key" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq .Values.frp.mode "image" }}
{{ include "env.secret" (dict "name" "FRP_TOKEN" "secret" .Values.frp.secret "key" "FRP_TOKEN") }}
{{- end }}
{{- end -}}
