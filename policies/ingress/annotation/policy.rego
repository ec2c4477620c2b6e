# METADATA
# title: No proxy configuration through annotations
# description: Some annotations of ingress controllers are pasted into the shared proxy's configuration, or send every request elsewhere.
# custom:
#   remedy: Remove the annotation; ask the platform team for what it should do.
package sluice.ingress.annotation

annotations := object.get(input.object, ["metadata", "annotations"], {})

deny contains {"msg": $"annotation {key} reaches into the shared proxy", "path": ["metadata", "annotations", key]} if {
	some key, _ in annotations
	dangerous(key)
}

deny contains {"msg": $"annotation {key} holds proxy configuration", "path": ["metadata", "annotations", key]} if {
	some key, value in annotations
	some owner in controllers
	startswith(key, owner)
	not dangerous(key)
	is_string(value)
	configures(value)
}

controllers := {
	"nginx.ingress.kubernetes.io/", "ingress.kubernetes.io/", "nginx.org/", "nginx.com/", "haproxy.org/",
	"haproxy-ingress.github.io/", "ingress.haproxy.org/", "traefik.ingress.kubernetes.io/", "konghq.com/",
	"appgw.ingress.kubernetes.io/",
}

parts := {
	"snippet", "auth-url", "auth-signin", "auth-proxy-set-headers", "auth-tls-secret", "proxy-ssl-secret", "auth-secret",
	"server-alias", "mirror-target", "mirror-host", "proxy-pass", "proxy_pass", "proxy-set-headers", "custom-headers",
	"upstream-vhost", "config-backend", "config-frontend", "config-global", "config-tcp", "router.middlewares",
	"lua-resty", "modsecurity", "opentelemetry-config",
}

dangerous(key) if {
	some owner in controllers
	startswith(key, owner)
	some part in parts
	contains(substring(key, count(owner), -1), part)
}

configures(value) if {
	regex.match(`[\n\r{};]|proxy_pass|\blua_`, value)
}
