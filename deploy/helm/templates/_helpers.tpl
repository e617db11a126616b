{{- define "lamplighter.name" -}}
{{- if contains "lamplighter" .Release.Name -}}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{- else -}}{{ printf "%s-lamplighter" .Release.Name | trunc 63 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "lamplighter.selector" -}}
app.kubernetes.io/name: lamplighter
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lamplighter.labels" -}}
{{ include "lamplighter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
