# What an object says about pods, wherever it says it: where Kubernetes' own kinds keep their pod template, and by name
# at any depth of every other kind, so that a custom kind or a Helm value hides nothing.
package sluice.lib.pod

group := split(input.object.apiVersion, "/")[0] if {
	contains(input.object.apiVersion, "/")
}

else := ""

# Where Kubernetes' own kinds keep the pod template; a Pod is one itself.
templates := {
	"/PodTemplate": ["template"], "/ReplicationController": ["spec", "template"],
	"apps/DaemonSet": ["spec", "template"], "apps/Deployment": ["spec", "template"],
	"apps/ReplicaSet": ["spec", "template"], "apps/StatefulSet": ["spec", "template"],
	"batch/CronJob": ["spec", "jobTemplate", "spec", "template"], "batch/Job": ["spec", "template"],
}

root := templates[concat("/", [group, input.object.kind])]

root := [] if {
	input.object.kind == "Pod"
	group == ""
}

template := object.get(input.object, root, {}) if {
	count(root) > 0
}

template := input.object if {
	count(root) == 0
}

# Groups whose other kinds hold no pods.
without_pods := {
	"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "autoscaling",
	"coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "gateway.networking.k8s.io",
	"image.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "networking.k8s.io", "notification.toolkit.fluxcd.io",
	"policy", "rbac.authorization.k8s.io", "scheduling.k8s.io", "source.toolkit.fluxcd.io", "storage.k8s.io",
}

searched if {
	group != ""
	not group in without_pods
	not root
}

searched if {
	input.object.kind == "PersistentVolume"
}

# Fields that give a pod power, [{"name", "path", "value"}]; most pods have few of them.
controls := array.concat(switches, array.concat(hosts, in_contexts)) if {
	root
}

else := [field | some field in found; not field.name in others]

# Lists of containers, image fields and annotations, in the same form.
lists := [{"name": list, "path": array.concat(root, ["spec", list]), "value": value} |
	some list in container_lists
	value := template.spec[list]
] if {
	root
}

else := [field | some field in found; field.name in container_lists]

images := [{"name": "image", "path": array.concat(each.path, ["image"]), "value": each.container.image} |
	some each in listed
	each.container.image
] if {
	root
}

else := [field | some field in found; field.name == "image"]

annotations := [{"name": "annotations", "path": array.concat(root, ["metadata", "annotations"]), "value": template.metadata.annotations} |
	template.metadata.annotations
] if {
	root
}

else := [field | some field in found; field.name == "annotations"]

others := {"containers", "initContainers", "ephemeralContainers", "image", "annotations"}

switches := [{"name": name, "path": array.concat(root, ["spec", name]), "value": value} |
	some name in ["hostNetwork", "hostPID", "hostIPC"]
	value := template.spec[name]
]

hosts := array.concat(
	[{"name": "hostPath", "path": array.concat(root, ["spec", "volumes", index, "hostPath"]), "value": volume.hostPath} |
		some index, volume in template.spec.volumes
		volume.hostPath
	],
	[{"name": "hostPort", "path": array.concat(each.path, ["ports", index, "hostPort"]), "value": port.hostPort} |
		some each in listed
		some index, port in each.container.ports
		port.hostPort
	],
)

listed := [{"path": array.concat(root, ["spec", list, index]), "container": container} |
	some list in container_lists
	some index, container in template.spec[list]
	is_object(container)
]

in_contexts := [{"name": name, "path": array.concat(context.path, path), "value": value} |
	some context in contexts
	walk(context.value, [path, value])
	name := path[count(path) - 1]
	watched[name]
]

contexts := array.concat(
	[{"path": array.concat(root, ["spec", "securityContext"]), "value": template.spec.securityContext} |
		template.spec.securityContext
	],
	[{"path": array.concat(each.path, ["securityContext"]), "value": each.container.securityContext} |
		some each in listed
		each.container.securityContext
	],
)

watched := {
	"allowPrivilegeEscalation", "annotations", "appArmorProfile", "capabilities", "containers", "ephemeralContainers",
	"hostIPC", "hostNetwork", "hostPID", "hostPath", "hostPort", "hostProcess", "image", "initContainers",
	"privileged", "procMount", "seLinuxOptions", "seccompProfile", "sysctls",
}

# Keys of these maps are data of the tenant's, not fields.
maps := {"annotations", "labels", "matchLabels", "nodeSelector"}

# The watched fields of the object at any depth.
found := [{"name": name, "path": path, "value": value} |
	searched
	walk(input.object, [path, value])
	name := path[count(path) - 1]
	watched[name]
	not in_map(path)
]

in_map(path) if {
	path[count(path) - 2] in maps
}

container_lists := ["containers", "initContainers", "ephemeralContainers"]

# Containers in lists of containers: [{"list", "path", "container"}].
containers := [{"list": field.name, "path": array.concat(field.path, [index]), "container": container} |
	some field in lists
	some index, container in field.value
	is_object(container)
]

# A switch is on when it is true; YAML that a template will render may hold it as text, in any of YAML 1.1's words.
on(true)

on(text) if {
	is_string(text)
	lower(trim_space(text)) in {"true", "yes", "on", "y"}
}

# How a message names a container.
name_of(container) := $"container {container.name}" if {
	is_string(container.name)
} else := "a container"
