# What an object says about pods, wherever it says it. Pod fields are found by name at any depth, so a pod template
# inside a custom kind, a Helm value or a field that does not exist yet is seen like one in a Deployment.
package sluice.lib.pod

group := split(input.object.apiVersion, "/")[0] if contains(input.object.apiVersion, "/")

else := ""

# Groups whose kinds hold no pods; in the core group, only the kinds below hold some.
without_pods := {
	"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "autoscaling",
	"coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "gateway.networking.k8s.io",
	"image.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "networking.k8s.io", "notification.toolkit.fluxcd.io",
	"policy", "rbac.authorization.k8s.io", "scheduling.k8s.io", "source.toolkit.fluxcd.io", "storage.k8s.io",
}

core_with_pods := {"Pod", "PodTemplate", "ReplicationController", "PersistentVolume", "PersistentVolumeClaim"}

holds_pods if {
	group == ""
	input.object.kind in core_with_pods
}

holds_pods if {
	group != ""
	not group in without_pods
}

watched := {
	"allowPrivilegeEscalation", "annotations", "appArmorProfile", "capabilities", "containers", "ephemeralContainers",
	"hostIPC", "hostNetwork", "hostPID", "hostPath", "hostPort", "hostProcess", "image", "initContainers",
	"privileged", "procMount", "seLinuxOptions", "seccompProfile", "sysctls",
}

# Keys of these maps are data of the tenant's, not fields.
maps := {"annotations", "labels", "matchLabels", "nodeSelector"}

# The watched fields of the object: [{"name", "path", "value"}].
fields := [{"name": name, "path": path, "value": value} |
	holds_pods
	walk(input.object, [path, value])
	name := path[count(path) - 1]
	watched[name]
	not in_map(path)
]

in_map(path) if path[count(path) - 2] in maps

container_lists := {"containers", "initContainers", "ephemeralContainers"}

# Containers in lists of containers: [{"list", "path", "container"}].
containers := [{"list": field.name, "path": array.concat(field.path, [index]), "container": container} |
	some field in fields
	field.name in container_lists
	some index, container in field.value
	is_object(container)
]

# A switch is on when it is true; YAML that a template will render may hold it as text.
on(true)

on("true")

# How a message names a container.
name_of(container) := $"container {container.name}" if {
	is_string(container.name)
} else := "a container"
