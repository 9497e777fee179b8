package kubernetes

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
)

// repository is the folder of the whole.
const repository = "../.."

// object is one that is to be applied.
type object struct {
	apiVersion, kind, namespace, name string
	text                              []byte // YAML
}

func (o object) String() string {
	return o.apiVersion + " " + o.kind + " " + o.namespace + "/" + o.name
}

// kustomizations are the folders below deploy/k8s that can be applied.
func kustomizations(t *testing.T) (folders []string) {
	t.Helper()
	root := filepath.Join(repository, "deploy", "k8s")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "kustomization.yaml" {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if !strings.Contains(string(content), "kind: Component") && filepath.Base(filepath.Dir(path)) != "common" {
				folders = append(folders, filepath.Dir(path))
			}
		}
		return err
	})
	if err != nil || len(folders) < 8 {
		t.Fatalf("%v: %v", folders, err)
	}
	return folders
}

func kustomize(t *testing.T, folder string) (objects []object) {
	t.Helper()
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsRootOnly
	made, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	for _, r := range made.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		id := r.GetGvk()
		objects = append(objects, object{id.ApiVersion(), id.Kind, r.GetNamespace(), r.GetName(), text})
	}
	return objects
}

// types knows every API of Kubernetes, and the Prometheus operator's.
func decoder(t *testing.T) runtime.Decoder {
	t.Helper()
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, monitoring.AddToScheme} {
		if err := add(known); err != nil {
			t.Fatal(err)
		}
	}
	return serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
}

// foreign are kinds whose types belong to projects that are not asked here.
var foreign = map[schema.GroupKind]bool{
	{Group: "traefik.io", Kind: "Middleware"}:                 true,
	{Group: "traefik.io", Kind: "IngressRoute"}:               true,
	{Group: "security.istio.io", Kind: "AuthorizationPolicy"}: true,
	{Group: "cert-manager.io", Kind: "Issuer"}:                true,
	{Group: "cert-manager.io", Kind: "Certificate"}:           true,
}

// decode is what the object is to an API server; nil for foreign kinds. Unknown and doubled fields are errors.
func decode(t *testing.T, o object) runtime.Object {
	t.Helper()
	kind := schema.FromAPIVersionAndKind(o.apiVersion, o.kind)
	if foreign[kind.GroupKind()] {
		return nil
	}
	content, err := yaml.YAMLToJSONStrict(o.text)
	if err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	decoded, _, err := decoder(t).Decode(content, nil, nil)
	if err != nil {
		t.Errorf("%s: %v", o, err)
		return nil
	}
	return decoded
}
