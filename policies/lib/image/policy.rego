# Image references of an object, as a container runtime reads them.
package sluice.lib.image

import data.sluice.lib.pod

# [{"path", "text", "tag", "container"}]; `container` tells that it stands where a runtime will read it as it is.
references := array.concat(
	[{"path": field.path, "text": field.value, "tag": tag_of(field.value), "container": in_container(field.path)} |
		some field in pod.images
		is_string(field.value)
		field.value != ""
	],
	[{"path": array.concat(field.path, ["repository"]), "text": text, "tag": tag_of(text), "container": false} |
		some field in pod.images
		is_string(field.value.repository)
		field.value.repository != ""
		text := concat("", [registry(field.value), field.value.repository, tag(field.value)])
	],
)

in_container(path) if {
	is_number(path[count(path) - 2])
}

else if {
	path[count(path) - 2] in {"container", "script"}
}

else := false

# Helm values split an image into registry, repository and tag.
registry(image) := concat("", [image.registry, "/"]) if {
	is_string(image.registry)
	image.registry != ""
} else := ""

tag(image) := concat("", [":", image.tag]) if {
	is_string(image.tag)
	image.tag != ""
} else := ""

# `nginx` is docker.io/library/nginx, `acme/web` is docker.io/acme/web: a first part without dot, colon or
# `localhost` is no registry.
repository(text) := name if {
	first := split(text, "/")[0]
	contains(text, "/")
	is_registry(first)
	name := untagged(text)
} else := concat("", ["docker.io/", untagged(text)]) if {
	contains(text, "/")
} else := concat("", ["docker.io/library/", untagged(text)])

is_registry(first) if {
	contains(first, ".")
}

is_registry(first) if {
	contains(first, ":")
}

is_registry("localhost")

untagged(text) := trim_suffix(plain, concat("", [":", tag_of(text)])) if {
	plain := split(text, "@")[0]
} else := text

# The tag, or "" where there is none. A colon before the last slash belongs to the registry's port.
tag_of(text) := substring(last, indexof(last, ":") + 1, -1) if {
	parts := split(split(text, "@")[0], "/")
	last := parts[count(parts) - 1]
	contains(last, ":")
} else := ""

pinned(text) if {
	parts := split(text, "@sha256:")
	count(parts) == 2
	count(parts[1]) == 64
	trim(parts[1], "0123456789abcdef") == ""
}

# A variable that only the cluster knows; it is evaluated again with its value before the apply.
unknown(text) if {
	contains(text, "${")
}
