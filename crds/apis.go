// Package crds names the Go modules in which Flux publishes its API, and how their types become
// CustomResourceDefinitions: `SLUICE_CRDS_OUT=DIR go generate .` writes one YAML file for each kind, with the generator
// and the flags that Flux's own releases are made with.
package crds

import (
	_ "github.com/fluxcd/helm-controller/api/v2"
	_ "github.com/fluxcd/image-automation-controller/api/v1"
	_ "github.com/fluxcd/image-reflector-controller/api/v1"
	_ "github.com/fluxcd/kustomize-controller/api/v1"
	_ "github.com/fluxcd/notification-controller/api/v1"
	_ "github.com/fluxcd/source-controller/api/v1"
	_ "github.com/fluxcd/source-watcher/api/v2/v1beta1"
)

//go:generate go tool controller-gen crd:crdVersions=v1 paths=github.com/fluxcd/helm-controller/api/... paths=github.com/fluxcd/image-automation-controller/api/... paths=github.com/fluxcd/image-reflector-controller/api/... paths=github.com/fluxcd/kustomize-controller/api/... paths=github.com/fluxcd/notification-controller/api/... paths=github.com/fluxcd/source-controller/api/... paths=github.com/fluxcd/source-watcher/api/v2/... output:crd:dir=$SLUICE_CRDS_OUT
