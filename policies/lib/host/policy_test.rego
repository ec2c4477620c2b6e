package sluice.lib.host_test

import data.sluice.lib.host

claimed(object) := result if {
	result := [claim.host | some claim in host.claims] with input as {"object": object, "tenant": {"namespaces": ["a-dev"]}}
}

cases := [
	{"want": ["x.example.com", ""], "object": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": [{"host": "x.example.com"}, {}]}}},
	{"want": [""], "object": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"defaultBackend": {"service": {"name": "x"}}}}},
	{"want": ["t.example.com"], "object": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"tls": [{"hosts": ["t.example.com"]}]}}},
	{"want": ["r.example.com"], "object": {"apiVersion": "serving.knative.dev/v1beta1", "kind": "DomainMapping", "metadata": {"name": "r.example.com"}, "spec": {}}},
	{"want": ["r.example.com"], "object": {"apiVersion": "networking.gke.io/v1", "kind": "ManagedCertificate", "spec": {"domains": ["r.example.com"]}}},
	{"want": [], "object": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {}}},
	{"want": ["r.example.com"], "object": {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "spec": {"hostnames": ["r.example.com"]}}},
	{"want": [""], "object": {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "spec": {}}},
	{"want": [""], "object": {"apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TLSRoute", "spec": {"hostnames": []}}},
	{"want": [""], "object": {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "spec": {"hostnames": null}}},
	{"want": ["g.example.com", ""], "object": {
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"spec": {"listeners": [{"hostname": "g.example.com", "protocol": "HTTPS"}, {"protocol": "HTTP"}, {"protocol": "TCP"}]},
	}},
	{"want": ["v.example.com"], "object": {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": {"gateways": ["g"], "hosts": ["v.example.com"]}}},
	{"want": ["web"], "object": {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": {"gateways": ["g", "mesh"], "hosts": ["web"]}}},
	{"want": ["*", "web.b-dev.svc.cluster.local"], "object": {
		"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
		"spec": {"hosts": ["web", "web.a-dev.svc.cluster.local", "web.a-dev", "*", "web.b-dev.svc.cluster.local"]},
	}},
	{"want": ["i.example.com", "*"], "object": {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "spec": {"servers": [{"hosts": ["./i.example.com", "*/*"]}]}}},
	{"want": ["a.example.com", "b.example.com"], "object": {
		"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
		"spec": {"routes": [{"match": "Host(`a.example.com`, `b.example.com`) && PathPrefix(`/x`)"}]},
	}},
	{"want": [""], "object": {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "spec": {"routes": [{"match": "PathPrefix(`/`)"}]}}},
	{"want": [""], "object": {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "spec": {"routes": [{"match": "Host(`a.example.com`) || HostRegexp(`.*`)"}]}}},
	{"want": ["o.example.com"], "object": {"apiVersion": "route.openshift.io/v1", "kind": "Route", "spec": {"host": "o.example.com"}}},
	{"want": ["c.example.com"], "object": {"apiVersion": "projectcontour.io/v1", "kind": "HTTPProxy", "spec": {"virtualhost": {"fqdn": "c.example.com"}}}},
	{"want": ["d.example.com"], "object": {"apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint", "spec": {"endpoints": [{"dnsName": "d.example.com"}]}}},
	{"want": ["k.example.com", "n.example.com"], "object": {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "spec": {"dnsNames": ["k.example.com"], "commonName": "n.example.com"}}},
	{"want": ["s.example.com", "u.example.com"], "object": {
		"apiVersion": "v1", "kind": "Service",
		"metadata": {"annotations": {"external-dns.alpha.kubernetes.io/hostname": "s.example.com, u.example.com"}},
	}},
	{"want": [], "object": {"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {}}},
]

test_claims if {
	every case in cases {
		claimed(case.object) == case.want
	}
}

test_within if {
	host.within("acme.example.com", ["acme.example.com"])
	host.within("a.b.acme.example.com", ["acme.example.com"])
	host.within("*.acme.example.com", ["*.acme.example.com"])
	host.within("x.acme.example.com", ["*.acme.example.com"])
}

test_not_within if {
	not host.within("evilacme.example.com", ["acme.example.com"])
	not host.within("acme.example.com.evil.io", ["acme.example.com"])
	not host.within("*.acme.example.com", ["acme.example.com"])
	not host.within("*.example.com", ["*.acme.example.com"])
	not host.within("a.*.acme.example.com", ["*.acme.example.com"])
}

test_normal if {
	host.normal("WWW.Example.COM.") == "www.example.com"
	not host.ascii("аcme.example.com")
	not host.ascii("\u212Acme.example.com")
	host.ascii("xn--cme-5cd.example.com")
}
