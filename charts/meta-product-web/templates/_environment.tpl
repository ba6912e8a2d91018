{{- define "env.secret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/* A variable `name` from `secret` by `key`, or from existingSecret where that is given; the context has the `root` too. */}}
{{- define "env.own" -}}
{{- with .root.Values.existingSecret -}}
{{- if .name -}}
{{ include "env.secret" (dict "name" $.name "secret" .name "key" (get .keys $.name)) }}
{{- else -}}
{{ include "env.secret" $ }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Everything that comes from a Secret; the plain settings come from the config map. */}}
{{- define "app.environment" -}}
{{- $component := .component -}}
{{- with .root -}}
{{- $root := . -}}
{{ include "env.own" (dict "root" $root "name" "SECRET_KEY" "secret" .Values.appSecret "key" "SECRET_KEY") }}
{{ include "env.own" (dict "root" $root "name" "PLATFORM_SECRET" "secret" .Values.appSecret "key" "PLATFORM_SECRET") }}
{{- include "database.environment" . | nindent 0 }}
{{- with .Values.database }}
{{- if .replicaUrl.secret }}
{{ include "env.secret" (dict "name" "DATABASE_REPLICA_URL" "secret" .replicaUrl.secret "key" .replicaUrl.key) }}
{{- end }}
{{- end }}
{{- with .Values.metricsToken }}
{{- if .secret }}
{{ include "env.secret" (dict "name" "METRICS_TOKEN" "secret" .secret "key" .key) }}
{{- end }}
{{- end }}
{{- with .Values.tracing }}
{{- if and .endpoint .headers.secret }}
{{ include "env.secret" (dict "name" "OTEL_EXPORTER_OTLP_HEADERS" "secret" .headers.secret "key" .headers.key) }}
{{- end }}
{{- end }}
{{- if eq .Values.files.store "s3" }}
{{- with .Values.files.s3 }}
{{ include "env.own" (dict "root" $root "name" "S3_ACCESS_KEY" "secret" .secret "key" "access_key") }}
{{ include "env.own" (dict "root" $root "name" "S3_SECRET_KEY" "secret" .secret "key" "secret_key") }}
{{- $s3 := . }}
{{- range $key, $name := dict "endpoint" "S3_ENDPOINT" "bucket" "S3_BUCKET" }}
{{- if not (get $s3 $key) }}
{{ include "env.own" (dict "root" $root "name" $name "secret" $s3.secret "key" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq .Values.frp.mode "image") (eq $component "api") }}
{{ include "env.own" (dict "root" $root "name" "FRP_TOKEN" "secret" .Values.frp.secret "key" "FRP_TOKEN") }}
{{- end }}
{{- if .Values.worker.separate }}
- name: WORKER
  value: {{ eq $component "worker" | quote }}
{{- if eq $component "worker" }}
- name: PROCESSES
  value: "1"
{{- end }}
{{- if and (eq .Values.frp.mode "image") (eq $component "worker") }}
- name: FRP_SERVER_ADDR
  value: ""
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* What leads to the database. */}}
{{- define "database.environment" -}}
{{- $root := . -}}
{{- with .Values.database -}}
{{- if .url.secret -}}
{{ include "env.secret" (dict "name" "DATABASE_URL" "secret" .url.secret "key" .url.key) }}
{{- else -}}
{{ include "env.own" (dict "root" $root "name" "DB_PWD" "secret" .secret "key" "pwd") }}
{{- $database := . }}
{{- range $key, $name := dict "host" "DB_HOST" "user" "DB_USER" "db_name" "DB_NAME" }}
{{- if not (get $database $key) }}
{{ include "env.own" (dict "root" $root "name" $name "secret" $database.secret "key" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* The plain settings, as the config map and the migration job have them. */}}
{{- define "app.settings" -}}
HOST: 0.0.0.0
PORT: "8000"
DATA_DIR: /var/lib/meta_be
LOG_DIR: /var/log/meta_be
RUN_DIR: /run/meta_be
PROCESSES: {{ .Values.processes | quote }}
{{- if not .Values.database.url.secret }}
DB_PORT: {{ .Values.database.port | quote }}
{{- range $key, $name := dict "host" "DB_HOST" "user" "DB_USER" "db_name" "DB_NAME" }}
{{- with get $.Values.database $key }}
{{ $name }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq .Values.files.store "s3" }}
S3_REGION: {{ .Values.files.s3.region | quote }}
{{- range $key, $name := dict "endpoint" "S3_ENDPOINT" "bucket" "S3_BUCKET" }}
{{- with get $.Values.files.s3 $key }}
{{ $name }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.tracing.endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- if eq .Values.migration.by "job" }}
MIGRATE: "false"
{{- end }}
{{- if ne .Values.frp.mode "none" }}
PROXY_PORT: {{ include "app.proxyPort" . | quote }}
{{- end }}
{{- if eq .Values.frp.mode "deployment" }}
PROXY_PEERS: {{ join "," .Values.frp.podNetworks | quote }}
{{- end }}
{{- if eq .Values.frp.mode "image" }}
FRP_SERVER_ADDR: {{ .Values.frp.server.addr | quote }}
FRP_SERVER_PORT: {{ .Values.frp.server.port | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ ternary $value (toJson $value) (kindIs "string" $value) | quote }}
{{- end }}
{{- end -}}
