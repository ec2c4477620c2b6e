# METADATA
# title: Own hosts
# description: A tenant claims only hosts under the suffixes that sluice.yaml registers for it (limits.hosts); never every host, or a wildcard that is not registered.
# custom:
#   remedy: Use a host under your own suffix; the platform team registers suffixes in sluice.yaml under limits.hosts.
package sluice.ingress.host

import data.sluice.lib.host as hosts

tenant_claims := [claim |
	input.tenant != null
	some claim in hosts.claims
]

deny contains {"msg": "the host is not text", "path": claim.path} if {
	some claim in tenant_claims
	not is_string(claim.host)
}

deny contains {"msg": "it takes every host", "path": claim.path} if {
	some claim in tenant_claims
	hosts.normal(claim.host) in {"", "*"}
}

deny contains {"msg": $"host {claim.host} is not ASCII; write it in punycode (xn--…)", "path": claim.path} if {
	some claim in tenant_claims
	is_string(claim.host)
	not hosts.ascii(claim.host)
}

deny contains {"msg": $"host {host} is a wildcard that is not registered for this tenant", "path": claim.path} if {
	some claim in tenant_claims
	host := judged(claim)
	hosts.wildcard(host)
	not hosts.within(host, registered)
}

deny contains {"msg": $"host {host} is not under a suffix of this tenant ({own})", "path": claim.path} if {
	is_array(input.limits.hosts)
	some claim in tenant_claims
	host := judged(claim)
	not hosts.wildcard(host)
	not hosts.within(host, registered)
}

warn contains {"msg": $"host {claim.host} has a variable that only the cluster knows, so it is checked at the deploy", "path": claim.path} if {
	some claim in tenant_claims
	is_string(claim.host)
	contains(claim.host, "${")
}

warn contains {
	"msg": "no hosts are registered for tenants, so nobody checks whose host this is",
	"path": tenant_claims[0].path,
	"remedy": "Ask the platform team to register your suffixes in sluice.yaml under limits.hosts.",
} if {
	not is_array(input.limits.hosts)
	count(tenant_claims) > 0
}

# Hosts that the other rules have not spoken about.
judged(claim) := host if {
	host := hosts.normal(claim.host)
	not host in {"", "*"}
	hosts.ascii(host)
	not contains(host, "${")
}

registered := input.limits.hosts if {
	is_array(input.limits.hosts)
}

else := []

own := concat(", ", registered) if {
	count(registered) > 0
}

else := "none is registered"
