# Hosts that an object claims, in every kind that routes, names or certifies them.
package sluice.lib.host

group := split(input.object.apiVersion, "/")[0] if {
	contains(input.object.apiVersion, "/")
}

else := ""

kind := concat("/", [group, input.object.kind])

spec := input.object.spec

# [{"path", "host"}]; host is "" where the object claims every host.
claims := array.concat(published, routed)

# Groups with kinds that route, name or certify; most objects are in none of them.
groups := {
	"cert-manager.io", "extensions", "externaldns.k8s.io", "gateway.networking.k8s.io", "gateway.networking.x-k8s.io",
	"networking.gke.io", "networking.istio.io", "networking.k8s.io", "projectcontour.io", "serving.knative.dev", "route.openshift.io", "traefik.containo.us", "traefik.io",
}

routed := array.concat(array.concat(array.concat(ingress, gateway_api), managed), array.concat(array.concat(istio, others), certified)) if {
	group in groups
} else := []

ingresses := {"networking.k8s.io/Ingress", "extensions/Ingress"}

ingress := array.concat(
	[{"path": ["spec", "rules", index, "host"], "host": object.get(rule, "host", "")} |
		ingresses[kind]
		some index, rule in spec.rules
	],
	array.concat(
		[{"path": ["spec", "tls", index, "hosts", at], "host": host} |
			ingresses[kind]
			some index, tls in spec.tls
			some at, host in tls.hosts
		],
		[{"path": ["spec", backend], "host": ""} |
			ingresses[kind]
			some backend in ["defaultBackend", "backend"]
			spec[backend]
		],
	),
)

routes := {"HTTPRoute", "GRPCRoute", "TLSRoute"}

is_route if {
	group == "gateway.networking.k8s.io"
	input.object.kind in routes
}

listener_kinds := {"gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/ListenerSet", "gateway.networking.x-k8s.io/XListenerSet"}

gateway_api := array.concat(
	[{"path": ["spec", "hostnames", index], "host": host} |
		is_route
		some index, host in spec.hostnames
	],
	array.concat(
		[{"path": ["spec", "hostnames"], "host": ""} |
			is_route
			object.get(spec, "hostnames", null) in {null, []}
		],
		[{"path": ["spec", "listeners", index, "hostname"], "host": object.get(listener, "hostname", "")} |
			listener_kinds[kind]
			some index, listener in spec.listeners
			not listener.protocol in {"TCP", "UDP"}
		],
	),
)

istio := array.concat(
	[{"path": ["spec", "hosts", index], "host": host} |
		kind == "networking.istio.io/VirtualService"
		some index, host in spec.hosts
		not in_mesh(host)
	],
	[{"path": ["spec", "servers", index, "hosts", at], "host": parts[count(parts) - 1]} |
		kind == "networking.istio.io/Gateway"
		some index, server in spec.servers
		some at, host in server.hosts
		parts := split(host, "/")
	],
)

# A VirtualService of the mesh alone may name Services of the tenant's own namespaces.
in_mesh(host) if {
	mesh_only
	is_string(host)
	host != "*"
	not contains(host, ".")
}

in_mesh(host) if {
	mesh_only
	parts := split(host, ".")
	count(parts) > 1
	parts[1] in input.tenant.namespaces
	array.slice(parts, 2, count(parts)) in [[], ["svc"], ["svc", "cluster", "local"]]
}

mesh_only if {
	every gateway in object.get(spec, "gateways", ["mesh"]) {
		gateway == "mesh"
	}
}

traefik := {"traefik.io/IngressRoute", "traefik.containo.us/IngressRoute", "traefik.io/IngressRouteTCP", "traefik.containo.us/IngressRouteTCP"}

others := array.concat(
	[{"path": ["spec", "host"], "host": object.get(spec, "host", "")} | kind == "route.openshift.io/Route"],
	array.concat(
		[{"path": ["spec", "virtualhost", "fqdn"], "host": spec.virtualhost.fqdn} | kind == "projectcontour.io/HTTPProxy"],
		[{"path": ["spec", "routes", index, "match"], "host": host} |
			traefik[kind]
			some index, route in spec.routes
			some host in matched(route.match)
		],
	),
)

# The hosts in Traefik's `Host(`a`) || HostSNI(`b`)`; a match without one, or by a pattern, takes every host.
matched(rule) := hosts if {
	not contains(rule, "HostRegexp")
	not contains(rule, "HostSNIRegexp")
	calls := regex.find_all_string_submatch_n("Host(?:SNI|Header)?\\(([^)]*)\\)", rule, -1)
	hosts := [found[1] |
		some call in calls
		some found in regex.find_all_string_submatch_n("[`\"']([^`\"']*)[`\"']", call[1], -1)
	]
	count(hosts) > 0
} else := [""]

# Names that external-dns publishes for any object.
published := [{"path": ["metadata", "annotations", key], "host": trim_space(host)} |
	annotations := input.object.metadata.annotations
	some key in ["external-dns.alpha.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/internal-hostname"]
	value := annotations[key]
	is_string(value)
	some host in split(value, ",")
]

certified := array.concat(
	[{"path": ["spec", "endpoints", index, "dnsName"], "host": endpoint.dnsName} |
		kind == "externaldns.k8s.io/DNSEndpoint"
		some index, endpoint in spec.endpoints
	],
	array.concat(
		[{"path": ["spec", "dnsNames", index], "host": host} |
			kind == "cert-manager.io/Certificate"
			some index, host in spec.dnsNames
		],
		[{"path": ["spec", "commonName"], "host": spec.commonName} |
			kind == "cert-manager.io/Certificate"
			spec.commonName != ""
		],
	),
)

# A DomainMapping is called by the host that it takes.
managed := array.concat(
	[{"path": ["metadata", "name"], "host": input.object.metadata.name} | kind == "serving.knative.dev/DomainMapping"],
	[{"path": ["spec", "domains", index], "host": host} |
		kind == "networking.gke.io/ManagedCertificate"
		some index, host in spec.domains
	],
)

# Lower case, without the dot of the root.
normal(host) := trim_suffix(lower(host), ".") if {
	is_string(host)
}

# Only what a host may hold; trimming what is allowed from both ends leaves what is not.
ascii(host) if {
	trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*${}") == ""
}

wildcard(host) if {
	contains(host, "*")
}

# True where the host is a suffix of the tenant's or below one; `*.` needs a suffix that says so.
within(host, suffixes) if {
	some suffix in suffixes
	base := trim_prefix(suffix, "*.")
	plain := trim_prefix(host, "*.")
	not contains(plain, "*")
	below(plain, base)
	permitted(host, suffix)
}

below(host, base) if {
	host == base
}

below(host, base) if {
	endswith(host, concat("", [".", base]))
}

permitted(host, _) if {
	not startswith(host, "*.")
}

permitted(_, suffix) if {
	startswith(suffix, "*.")
}
