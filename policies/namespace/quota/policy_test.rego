package sluice.namespace.quota_test

import data.sluice.namespace.quota as rule

denied(kind, tenant) := result if {
	result := count(rule.deny) with input as {"object": {"apiVersion": "v1", "kind": kind}, "tenant": tenant}
}

test_tenant if {
	denied("ResourceQuota", {"name": "a"}) == 1
	denied("LimitRange", {"name": "a"}) == 1
	denied("ConfigMap", {"name": "a"}) == 0
}

test_platform if {
	denied("ResourceQuota", null) == 0
}
