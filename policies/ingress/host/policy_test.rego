package sluice.ingress.host_test

import data.sluice.ingress.host as rule

tenant := {"name": "a", "namespaces": ["a-dev"]}

with_host(host, hosts) := {
	"object": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": [{"host": host}]}},
	"tenant": tenant, "limits": {"hosts": hosts},
}

denied(host, hosts) := result if {
	result := count(rule.deny) with input as with_host(host, hosts)
}

own := ["a.example.com"]

test_own if {
	denied("web.a.example.com", own) == 0
}

test_normalised if {
	denied("WEB.A.Example.Com.", own) == 0
}

test_foreign if {
	every host in ["b.example.com", "evila.example.com", "a.example.com.evil.io", "xn--a-7sb.example.com"] {
		denied(host, own) == 1
	}
}

test_homoglyph if {
	denied("web.а.example.com", own) == 1
}

test_wildcard if {
	denied("*.a.example.com", own) == 1
	denied("*.a.example.com", ["*.a.example.com"]) == 0
	denied("*", own) == 1
	denied("*.example.com", null) == 1
}

test_empty if {
	denied("", own) == 1
	denied("", null) == 1
	denied(".", own) == 1
}

test_number if {
	denied(1, own) == 1
}

test_none_registered if {
	denied("web.a.example.com", []) == 1
}

test_not_configured if {
	denied("web.a.example.com", null) == 0
	count(rule.warn) == 1 with input as with_host("web.a.example.com", null)
}

test_variable if {
	denied("web.${DOMAIN}", own) == 0
	count(rule.warn) == 1 with input as with_host("web.${DOMAIN}", own)
}

test_platform if {
	count(rule.deny) == 0 with input as object.union(with_host("*", own), {"tenant": null})
	count(rule.warn) == 0 with input as object.union(with_host("*", null), {"tenant": null})
}

test_path if {
	{found.path | some found in rule.deny} == {["spec", "rules", 0, "host"]} with input as with_host("b.example.com", own)
}
