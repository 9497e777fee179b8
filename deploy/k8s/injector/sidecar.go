package injector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Volumes that are added.
const (
	configVolume = "postern-config"
	secretVolume = "postern-secret"
	socketVolume = "postern-socket"

	configFolder = "/etc/postern/config"
	secretFolder = "/etc/postern/secret"
)

// userID is that of the image's user. It is said here as well, so that nobody need read the image to know that it is not root.
const userID = 65532

// sidecar is the container that is added (core/v1 Container).
type sidecar struct {
	Name            string          `json:"name"`
	Image           string          `json:"image"`
	Args            []string        `json:"args"`
	RestartPolicy   string          `json:"restartPolicy,omitempty"`
	Ports           []port          `json:"ports"`
	Env             []variable      `json:"env"`
	EnvFrom         []envFrom       `json:"envFrom,omitempty"`
	Resources       resources       `json:"resources"`
	VolumeMounts    []mount         `json:"volumeMounts,omitempty"`
	StartupProbe    probe           `json:"startupProbe"`
	LivenessProbe   probe           `json:"livenessProbe"`
	ReadinessProbe  probe           `json:"readinessProbe"`
	SecurityContext securityContext `json:"securityContext"`
}

type envFrom struct {
	SecretRef reference `json:"secretRef"`
}

type resources struct {
	Requests map[string]string `json:"requests,omitempty"`
	Limits   map[string]string `json:"limits,omitempty"`
}

type probe struct {
	HTTPGet          httpGet `json:"httpGet"`
	PeriodSeconds    int     `json:"periodSeconds"`
	TimeoutSeconds   int     `json:"timeoutSeconds"`
	FailureThreshold int     `json:"failureThreshold"`
}

// securityContext is what the standard "restricted" asks for, and a file system that cannot be written to:
// https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
type securityContext struct {
	RunAsNonRoot             bool                `json:"runAsNonRoot"`
	RunAsUser                int                 `json:"runAsUser"`
	RunAsGroup               int                 `json:"runAsGroup"`
	AllowPrivilegeEscalation bool                `json:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   bool                `json:"readOnlyRootFilesystem"`
	Capabilities             map[string][]string `json:"capabilities"`
	SeccompProfile           map[string]string   `json:"seccompProfile"`
}

// addSidecar adds Postern and the volumes it needs. It comes last among the init containers: what those before it need, such as a mesh's own
// sidecar, is there when Postern starts, and the application starts when Postern runs.
func (o Options) addSidecar(steps *patch, p *pod, app application, w wish, probes []string) {
	c := sidecar{
		Name: containerName, Image: w.image, Args: []string{"serve"},
		Ports: append(o.takenPorts(p, app), port{Name: "postern-admin", ContainerPort: o.AdminPort, Protocol: "TCP"}),
		Env:   o.environment(app, w, probes), Resources: w.resources.asked(),
		StartupProbe:   o.probe("/livez", 1, 60),
		LivenessProbe:  o.probe("/livez", 10, 3),
		ReadinessProbe: o.probe("/readyz", 5, 2),
		SecurityContext: securityContext{
			RunAsNonRoot: true, RunAsUser: userID, RunAsGroup: userID, ReadOnlyRootFilesystem: true,
			Capabilities:   map[string][]string{"drop": {"ALL"}},
			SeccompProfile: map[string]string{"type": "RuntimeDefault"},
		},
	}
	var volumes []volume
	mounted := func(v volume, path string, readOnly bool) {
		volumes = append(volumes, v)
		c.VolumeMounts = append(c.VolumeMounts, mount{Name: v.Name, MountPath: path, ReadOnly: readOnly})
	}
	if w.configMap != "" {
		mounted(volume{Name: configVolume, ConfigMap: &reference{w.configMap}}, configFolder, true)
		c.Args = append(c.Args, "--config="+configFolder+"/postern.yaml")
	}
	if w.secret != "" {
		mounted(volume{Name: secretVolume, Secret: &fromSecret{w.secret}}, secretFolder, true)
		c.EnvFrom = []envFrom{{reference{w.secret}}}
	}
	if w.socket {
		mounted(volume{Name: socketVolume, EmptyDir: &emptyDir{Medium: "Memory", SizeLimit: "1Mi"}}, socketFolder, false)
	}
	appendAll(steps, "/spec/volumes", len(p.Spec.Volumes), volumes)
	if o.Native {
		c.RestartPolicy = "Always"
		appendAll(steps, "/spec/initContainers", len(p.Spec.InitContainers), []sidecar{c})
		return
	}
	// First, so that it is started first. Then the first one is no longer what kubectl should mean by default.
	steps.add("/spec/containers/0", c)
	if p.Metadata.Annotations[annotationDefaultContainer] == "" {
		steps.add("/metadata/annotations/"+escape(annotationDefaultContainer), app.container.Name)
	}
}

// takenPorts are the application's, with their names, and ports of the node that led there: they mean Postern from now on.
func (o Options) takenPorts(p *pod, app application) (taken []port) {
	for _, declared := range app.container.Ports {
		if !declared.tcp() || declared.ContainerPort != app.port {
			continue
		}
		declared.ContainerPort, declared.Protocol = o.Port, "TCP"
		if declared.Name != "" || declared.HostPort != 0 || len(taken) == 0 {
			taken = append(taken, declared)
		}
	}
	if len(taken) == 0 {
		taken = []port{{ContainerPort: o.Port, Protocol: "TCP"}}
	}
	if taken[0].Name == "" {
		taken[0].Name = p.freePortName("http", "postern")
	}
	return taken
}

func (p *pod) freePortName(names ...string) string {
	for _, name := range names {
		if !slices.ContainsFunc(p.Spec.Containers, func(c container) bool {
			return slices.ContainsFunc(c.Ports, func(declared port) bool { return declared.Name == name })
		}) {
			return name
		}
	}
	return ""
}

func (o Options) environment(app application, w wish, probes []string) []variable {
	env := []variable{
		{Name: "POSTERN_SERVER_LISTEN", Value: ":" + strconv.Itoa(o.Port)},
		{Name: "POSTERN_SERVER_ADMIN_LISTEN", Value: ":" + strconv.Itoa(o.AdminPort)},
		{Name: "POSTERN_UPSTREAM_URL", Value: app.upstream},
	}
	set := func(name, value string) {
		if value != "" {
			env = append(env, variable{Name: name, Value: value})
		}
	}
	if len(probes) > 0 {
		list, err := json.Marshal(probes) // JSON is YAML, and paths may have commas
		if err != nil {
			panic(err) // strings
		}
		set("POSTERN_SERVER_PROBE_PATHS", string(list))
	}
	set("POSTERN_SERVER_PUBLIC_URL", w.publicURL)
	set("POSTERN_ROUTES", w.routes)
	set("POSTERN_DEFAULT_AUTH", w.defaultAuth)
	if o.Native {
		set("POSTERN_SERVER_DRAIN_DELAY", "0s") // it is stopped after the application, when nobody asks any more
	}
	if limit := w.resources.MemoryLimit; limit != "" {
		set("GOMEMLIMIT", fmt.Sprintf("%.0f", amount(limit)*0.9))
	}
	return env
}

func (r Resources) asked() (res resources) {
	set := func(m *map[string]string, name, value string) {
		if value == "" {
			return
		}
		if *m == nil {
			*m = map[string]string{}
		}
		(*m)[name] = value
	}
	set(&res.Requests, "cpu", r.CPURequest)
	set(&res.Requests, "memory", r.MemoryRequest)
	set(&res.Limits, "cpu", r.CPULimit)
	set(&res.Limits, "memory", r.MemoryLimit)
	return res
}

func (o Options) probe(path string, period, failures int) probe {
	return probe{HTTPGet: httpGet{Path: path, Port: portNumber{number: o.AdminPort}, Scheme: "HTTP"}, PeriodSeconds: period, TimeoutSeconds: 3, FailureThreshold: failures}
}
