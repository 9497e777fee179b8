package injector

import (
	"encoding/json"
	"fmt"
	"strings"
)

// containerName is that of the container that is added.
const containerName = "postern"

// Options are what Inject goes by besides the pod: settings that hold for all pods.
type Options struct {
	Image             string
	Version           string // of this injector, left in the pod's status
	Native            bool   // whether the cluster knows init containers that keep running
	Port, AdminPort   int
	Secret, ConfigMap string // unless an annotation names another; empty for none
	Resources         Resources
	PreStopSeconds    int
	CheckRoutes       func(yaml string) error // nil takes any
}

// NewOptions are those that a configuration asks for.
func NewOptions(c Config, version string) Options {
	o := Options{
		Image: c.Image, Version: strings.TrimPrefix(version, "v"), Native: c.Sidecar == "native", Port: c.Port, AdminPort: c.AdminPort,
		Secret: c.Secret, ConfigMap: c.ConfigMap, Resources: c.Resources, PreStopSeconds: int(c.PreStop.Seconds()),
	}
	if o.Image == "" {
		o.Image = "ghcr.io/posternhq/postern:" + o.Version
	}
	return o
}

// Outcome is what becomes of a pod.
type Outcome string

// Outcomes.
const (
	Injected Outcome = "injected"
	Skipped  Outcome = "skipped"  // nobody asked for it
	Present  Outcome = "present"  // it is there already
	Refused  Outcome = "refused"  // it was asked for in a way that cannot be
	LetPass  Outcome = "let_pass" // the same, where such pods are let through
)

// Injection is what is to be done to a pod.
type Injection struct {
	Outcome   Outcome
	Patch     []Operation
	Warnings  []string // for who creates the pod
	Secret    string   // that the pod needs; empty for none
	ConfigMap string
}

// Inject decides about a pod as the API server sends it. The error is an *Invalid when the pod asks for what cannot be, and another one when the text is
// no pod.
func Inject(text []byte, o Options) (Injection, error) {
	var p pod
	if err := json.Unmarshal(text, &p); err != nil {
		return Injection{}, fmt.Errorf("read pod: %w", err)
	}
	asked, there := p.Metadata.Annotations[annotationInject]
	if p.Metadata.Labels[labelExclude] == "true" || !there || asked == "false" {
		return Injection{Outcome: Skipped}, nil
	}
	var found Invalid
	if asked != "true" {
		found.add(annotationInject, `%q is neither "true" nor "false"`, asked)
		return Injection{}, found.err()
	}
	if done, err := p.present(o); done.Outcome == Present || err != nil {
		return done, err
	}
	w := o.read(p.Metadata.Annotations, &found)
	app := p.application(&w, &found)
	o.checkPod(&p, &found)
	p.checkProbes(app, &found)
	if err := found.err(); err != nil {
		return Injection{}, err
	}
	done := Injection{Outcome: Injected, Secret: w.secret, ConfigMap: w.configMap}
	var steps patch
	probes := o.changeApplication(&steps, &p, app, w)
	if where := listensEverywhere(app.container); where != "" {
		done.Warnings = append(done.Warnings, fmt.Sprintf("postern: container %s listens for everyone by its own choice (%s): without a NetworkPolicy its port %d is open to whoever knows the pod's address",
			app.container.Name, where, app.port))
	}
	for _, path := range p.unheard(app) {
		done.Warnings = append(done.Warnings, fmt.Sprintf("postern: headers of %s do not reach the application, which is asked by Postern and not by kubelet", path))
	}
	o.addSidecar(&steps, &p, app, w, probes)
	o.leaveStatus(&steps, &p, app)
	done.Patch = steps
	return done, nil
}

// present recognises what an injector has made before, which may have been another version of this one: the pod is as somebody wanted it.
// A container of our name that none of us has made is a reason to refuse: two would not fit in.
func (p *pod) present(o Options) (Injection, error) {
	for _, c := range append(append([]container(nil), p.Spec.InitContainers...), p.Spec.Containers...) {
		if c.Name != containerName {
			continue
		}
		var found Invalid
		if _, ours := p.Metadata.Annotations[annotationStatus]; !ours {
			found.add("container "+containerName, "is there already, and no injector has added it (there is no annotation %s); remove it, or set %s to \"false\"", annotationStatus, annotationInject)
			return Injection{}, found.err()
		}
		done := Injection{Outcome: Present}
		if c.Image != o.Image && p.Metadata.Annotations[annotationImage] != c.Image {
			done.Warnings = []string{fmt.Sprintf("postern: the pod has the sidecar already, with image %s; it is left as it is", c.Image)}
		}
		return done, nil
	}
	return Injection{}, nil
}

// checkPod finds what stands in the way of any sidecar.
func (o Options) checkPod(p *pod, found *Invalid) {
	if p.Spec.HostNetwork {
		found.add("spec.hostNetwork", "the pod shares its node's network, where whoever is on the node could pass by Postern and send identity headers of their own; set it to false, or run Postern as a gateway")
	}
	if p.Spec.OS != nil && p.Spec.OS.Name == "windows" {
		found.add("spec.os", "there is no image of Postern for Windows")
	}
	if !o.Native && p.Spec.RestartPolicy != "" && p.Spec.RestartPolicy != "Always" {
		found.add("spec.restartPolicy", "%s: a classic sidecar would keep the pod from ending; use injector.sidecar: native, with Kubernetes 1.29 or later", p.Spec.RestartPolicy)
	}
	for _, list := range [][]container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range list {
			for _, declared := range list[i].Ports {
				if declared.tcp() && (declared.ContainerPort == o.Port || declared.ContainerPort == o.AdminPort) {
					found.add("container "+list[i].Name, "has the port %d, which is Postern's (injector.port and injector.admin_port); let it listen elsewhere", declared.ContainerPort)
				}
			}
		}
	}
	for _, v := range p.Spec.Volumes {
		if v.Name == socketVolume || v.Name == configVolume || v.Name == secretVolume {
			found.add("volume "+v.Name, "has the name of one that Postern needs; give it another")
		}
	}
}

// status is what is left on a pod, for people and for the next injector.
type status struct {
	Version   string `json:"version"`
	Container string `json:"container"`
	Upstream  string `json:"upstream"`
}

func (o Options) leaveStatus(steps *patch, p *pod, app application) {
	text, err := json.Marshal(status{Version: o.Version, Container: app.container.Name, Upstream: app.upstream})
	if err != nil {
		panic(err) // three strings
	}
	// There are annotations: one of them has asked for all this.
	steps.add("/metadata/annotations/"+escape(annotationStatus), string(text))
}
