{{/* What the schema can not tell: values that are right by themselves and wrong together. */}}
{{- define "app.checks" -}}
{{- with .Values.namespace }}
{{- if ne . $.Release.Namespace }}
{{- fail (printf "these values are for the namespace %s, not %s: pass --namespace %s" . $.Release.Namespace .) }}
{{- end }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail "autoscaling.minReplicas is above autoscaling.maxReplicas" }}
{{- end }}
{{- if le (int .Values.settings.POOL_SIZE) (int .Values.settings.THREADS) }}
{{- fail "settings.POOL_SIZE must be more than settings.THREADS: each thread holds one connection, requests use the others" }}
{{- end }}
{{- if gt (add (include "app.mostPods" . | int) (include "worker.pods" . | int)) 1 }}
{{- if and (eq .Values.files.store "volume") (ne .Values.files.volume.accessMode "ReadWriteMany") }}
{{- fail (printf "several pods do not see each other's files on a %s volume: set files.store=s3, files.volume.accessMode=ReadWriteMany, or one replica" .Values.files.volume.accessMode) }}
{{- end }}
{{- end }}
{{- if and (eq .Values.frp.mode "image") (gt (include "app.mostPods" . | int) 1) }}
{{- fail "with frp.mode=image every pod asks for the same public port: set one replica, or frp.mode=deployment" }}
{{- end }}
{{- if or .Values.ingress.enabled .Values.httpRoute.enabled }}
{{- if not .Values.settings.TRUSTED_PROXIES }}
{{- fail "behind an ingress or a gateway all clients share its address: name its pods' networks in settings.TRUSTED_PROXIES" }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.ingressFrom) }}
{{- fail "the network policy lets no ingress controller or gateway in: name it in networkPolicy.ingressFrom" }}
{{- end }}
{{- end }}
{{- range $value := list "podLabels" "commonLabels" }}
{{- range $label, $_ := get $.Values $value }}
{{- if or (hasPrefix "app.kubernetes.io/" $label) (hasPrefix "helm.sh/" $label) }}
{{- fail (printf "%s: %s is the chart's own" $value $label) }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.extraVolumes }}
{{- if has .name (list "data" "logs" "run" "tmp") }}
{{- fail (printf "extraVolumes: %s is the name of a volume of the chart" .name) }}
{{- end }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if or (has .name (list "MIGRATE" "WORKER")) (hasKey (include "app.settings" $ | fromYaml) .name) }}
{{- fail (printf "extraEnv: %s is set by the chart: use its value" .name) }}
{{- end }}
{{- end }}
{{- if and .Values.metricsToken.secret (eq .Values.scrape.by "annotations") }}
{{- fail "a scrape by annotations can not send METRICS_TOKEN and would be answered 401: set scrape.by=podMonitor, scrape.by=none, or leave metricsToken.secret empty" }}
{{- end }}
{{- $names := list }}
{{- $ports := list }}
{{- range .Values.frp.proxies }}
{{- if and (eq .service (include "app.name" $)) (eq (.namespace | default $.Release.Namespace) $.Release.Namespace) }}
{{- if or (ne (int .port) (include "app.proxyPort" $ | int)) (ne (.proxyProtocol | default "") "v2") }}
{{- fail (printf "frp.proxies: %s must have port %s and proxyProtocol v2, else all its clients share frpc's address" .name (include "app.proxyPort" $)) }}
{{- end }}
{{- end }}
{{- $names = append $names .name }}
{{- $ports = append $ports (int .remotePort) }}
{{- end }}
{{- if ne (len $names) (len (uniq $names)) }}
{{- fail (printf "frp.proxies: a name is used twice: %s" (join ", " $names)) }}
{{- end }}
{{- if ne (len $ports) (len (uniq $ports)) }}
{{- fail (printf "frp.proxies: a remotePort is used twice: %s" (join ", " $ports)) }}
{{- end }}
{{- end -}}
