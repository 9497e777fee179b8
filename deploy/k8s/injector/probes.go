package injector

import (
	"slices"
	"strings"
)

// Where Postern's admin listener passes probes on to the application: see server.probe_paths. What is behind the first is path and query of the probe.
const (
	probeHTTP = "/probe/http"
	probeTCP  = "/probe/tcp"
)

// asked is one question of kubelet to a container, and where it stands in the pod.
type asked struct {
	path string
	of   *container
	*handler
}

// questions are all of a pod.
func (p *pod) questions() (all []asked) {
	each := func(list string, containers []container) {
		for i := range containers {
			c, here := &containers[i], at(list, i)
			of := []asked{{here + "/livenessProbe", c, c.LivenessProbe}, {here + "/readinessProbe", c, c.ReadinessProbe}, {here + "/startupProbe", c, c.StartupProbe}}
			if c.Lifecycle != nil {
				of = append(of, asked{here + "/lifecycle/postStart", c, c.Lifecycle.PostStart}, asked{here + "/lifecycle/preStop", c, c.Lifecycle.PreStop})
			}
			for _, q := range of {
				if q.handler != nil {
					all = append(all, q)
				}
			}
		}
	}
	each("/spec/initContainers", p.Spec.InitContainers)
	each("/spec/containers", p.Spec.Containers)
	return all
}

// checkProbes refuses what Postern cannot pass on.
func (p *pod) checkProbes(app application, found *Invalid) {
	if app.container == nil || app.port == 0 {
		return
	}
	for _, q := range p.questions() {
		switch {
		case q.GRPC != nil && q.GRPC.Port == app.port:
			found.add(q.path, "is a gRPC probe of the application's port %d, which is closed to kubelet, and which Postern cannot pass on; use httpGet, tcpSocket or exec", app.port)
		case q.HTTPGet != nil && q.HTTPGet.Port.in(q.of) == app.port && q.HTTPGet.Scheme == "HTTPS":
			found.add(q.path, "says that the application speaks TLS at its port %d; inside the pod it must speak HTTP", app.port)
		}
	}
}

// unheard are the questions whose headers will not reach the application.
func (p *pod) unheard(app application) (paths []string) {
	for _, q := range p.questions() {
		if q.HTTPGet != nil && q.HTTPGet.Host == "" && q.HTTPGet.Port.in(q.of) == app.port && len(q.HTTPGet.HTTPHeaders) > 0 {
			paths = append(paths, q.path)
		}
	}
	return paths
}

// rewireProbes has kubelet, which is not in the pod and would not reach the application any more, ask Postern's admin listener. That passes on
// exactly what probes ask for, and tells only the status. The same goes for lifecycle hooks. Probes by exec run inside the pod and stay as they
// are, as do those of other ports.
func (o Options) rewireProbes(steps *patch, p *pod, app application) (paths []string) {
	admin := portNumber{number: o.AdminPort}
	for _, q := range p.questions() {
		switch {
		case q.HTTPGet != nil && q.HTTPGet.Host == "" && q.HTTPGet.Port.in(q.of) == app.port:
			path := q.HTTPGet.Path
			if !strings.HasPrefix(path, "/") {
				path = "/" + path // as kubelet does
			}
			paths = append(paths, path)
			steps.replace(q.path+"/httpGet", httpGet{Path: probeHTTP + path, Port: admin, Scheme: "HTTP", HTTPHeaders: q.HTTPGet.HTTPHeaders}) // these get as far as Postern
		case q.TCPSocket != nil && q.TCPSocket.Host == "" && q.TCPSocket.Port.in(q.of) == app.port:
			steps.remove(q.path + "/tcpSocket")
			steps.add(q.path+"/httpGet", httpGet{Path: probeTCP, Port: admin, Scheme: "HTTP"})
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
