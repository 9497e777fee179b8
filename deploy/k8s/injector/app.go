package injector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The folder in which application and Postern meet, when the application is moved to a Unix socket.
const (
	socketFolder = "/run/postern"
	socketPath   = socketFolder + "/app.sock"
)

// application is the container that Postern stands in front of.
type application struct {
	container *container
	index     int // among spec.containers
	port      int // where it listens, or listened before it was moved to a socket
	upstream  string
}

// application finds the container and its port: those that are named, or else the only ones that can be meant.
func (p *pod) application(w *wish, found *Invalid) application {
	app := p.chosen(w, found)
	if app.container == nil {
		return app
	}
	app.port = p.upstreamPort(app.container, w, found)
	app.upstream = fmt.Sprintf("http://127.0.0.1:%d", app.port)
	if w.socket {
		app.upstream = "unix:" + socketPath
		for _, m := range app.container.VolumeMounts {
			if m.MountPath == socketFolder {
				found.add(annotationUnixSocket, "container %s mounts volume %s at %s, where the socket's folder is to be", app.container.Name, m.Name, socketFolder)
			}
		}
	}
	return app
}

func (p *pod) chosen(w *wish, found *Invalid) application {
	names := make([]string, 0, len(p.Spec.Containers))
	for i := range p.Spec.Containers {
		names = append(names, p.Spec.Containers[i].Name)
	}
	pick := func(i int) application { return application{container: &p.Spec.Containers[i], index: i} }
	if w.container != "" {
		if i := slices.Index(names, w.container); i >= 0 {
			return pick(i)
		}
		found.add(annotationContainer, "%q is no container of the pod, which has %s", w.container, strings.Join(names, ", "))
		return application{}
	}
	if i := slices.Index(names, p.Metadata.Annotations[annotationDefaultContainer]); i >= 0 {
		return pick(i)
	}
	var having []int // a port that is asked for by name
	for i := range p.Spec.Containers {
		if w.upstream != (portNumber{}) && slices.ContainsFunc(p.Spec.Containers[i].Ports, func(c port) bool {
			return c.tcp() && (c.Name != "" && c.Name == w.upstream.name || c.ContainerPort == w.upstream.number)
		}) {
			having = append(having, i)
		}
	}
	switch {
	case len(having) == 1:
		return pick(having[0])
	case len(names) == 1:
		return pick(0)
	}
	found.add(annotationContainer, "is missing, and the pod has several containers (%s); name the one that Postern is to stand in front of", strings.Join(names, ", "))
	return application{}
}

func (p *pod) upstreamPort(c *container, w *wish, found *Invalid) int {
	var choices []string
	var only int
	for _, declared := range c.Ports {
		if declared.tcp() {
			choices, only = append(choices, declared.String()), declared.ContainerPort
		}
	}
	has := "declares no TCP port"
	if len(choices) > 0 {
		has = "has " + strings.Join(choices, ", ")
	}
	switch {
	case w.upstream == portNumber{} && len(choices) == 1:
		return only
	case w.upstream == portNumber{} && w.socket && len(choices) == 0:
		return 0 // it may never have had one
	case w.upstream == portNumber{}:
		found.add(annotationUpstreamPort, "is missing, and container %s %s; say where the application listens", c.Name, has)
	case w.upstream.name == "":
		return w.upstream.number
	default:
		for _, declared := range c.Ports {
			if declared.Name == w.upstream.name && declared.tcp() {
				return declared.ContainerPort
			}
		}
		found.add(annotationUpstreamPort, "%q is no TCP port of container %s, which %s", w.upstream.name, c.Name, has)
	}
	return 0
}

// changeApplication takes the application's port away from the world: the port's name will be Postern's, the probes go by way of Postern, and
// servers that can be told by variables listen for the pod alone. It returns the paths that probes ask for.
func (o Options) changeApplication(steps *patch, p *pod, app application, w wish) (probes []string) {
	probes = o.rewireProbes(steps, p, app)
	here := at("/spec/containers", app.index)
	for i, declared := range slices.Backward(app.container.Ports) { // the last first, so that indexes stay true
		if declared.tcp() && declared.ContainerPort == app.port {
			steps.remove(at(here+"/ports", i))
		}
	}
	var told []variable
	for _, v := range app.told(w) {
		if !slices.ContainsFunc(app.container.Env, func(own variable) bool { return own.Name == v.Name }) {
			told = append(told, v)
		}
	}
	appendAll(steps, here+"/env", len(app.container.Env), told)
	if w.socket {
		appendAll(steps, here+"/volumeMounts", len(app.container.VolumeMounts), []mount{{Name: socketVolume, MountPath: socketFolder}})
	}
	o.delayStop(steps, p, app, here)
	return probes
}

// told are variables by which servers can be told where to listen: uvicorn reads UVICORN_HOST and the like, gunicorn takes arguments from
// GUNICORN_CMD_ARGS; others may read the last one. What the command line says wins with both, and what the container sets itself is left to it.
func (a application) told(w wish) []variable {
	if w.socket {
		return []variable{
			{Name: "UVICORN_UDS", Value: socketPath},
			{Name: "GUNICORN_CMD_ARGS", Value: "--bind=unix:" + socketPath},
			{Name: "POSTERN_APP_SOCKET", Value: socketPath},
		}
	}
	number := strconv.Itoa(a.port)
	return []variable{
		{Name: "UVICORN_HOST", Value: "127.0.0.1"},
		{Name: "UVICORN_PORT", Value: number},
		{Name: "GUNICORN_CMD_ARGS", Value: "--bind=127.0.0.1:" + number},
	}
}

// delayStop has the application wait before it stops: when a pod is deleted, requests keep coming for a moment, and they come by way of Postern,
// which is stopped after the application.
func (o Options) delayStop(steps *patch, p *pod, app application, here string) {
	if o.PreStopSeconds == 0 || (p.Spec.RestartPolicy != "" && p.Spec.RestartPolicy != "Always") {
		return
	}
	wait := map[string]any{"sleep": map[string]int{"seconds": o.PreStopSeconds}}
	switch own := app.container.Lifecycle; {
	case own == nil:
		steps.add(here+"/lifecycle", map[string]any{"preStop": wait})
	case own.PreStop == nil:
		steps.add(here+"/lifecycle/preStop", wait)
	}
}

// listensEverywhere is what in a container's own words makes its server listen at all addresses, or "". It cannot see what an image does by itself.
func listensEverywhere(c *container) string {
	words := append(append([]string(nil), c.Command...), c.Args...)
	for _, word := range words {
		if strings.Contains(word, "0.0.0.0") || strings.Contains(word, "[::]") {
			return word
		}
	}
	for _, v := range c.Env {
		if (v.Name == "UVICORN_HOST" || v.Name == "HOST" || v.Name == "GUNICORN_CMD_ARGS") && (strings.Contains(v.Value, "0.0.0.0") || strings.Contains(v.Value, "::")) {
			return v.Name + "=" + v.Value
		}
	}
	return ""
}
