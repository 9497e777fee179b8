package injector

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// pod is what this package reads of a pod (core/v1). All the rest is left alone, and need not be known.
type pod struct {
	Metadata struct {
		Name            string            `json:"name"`
		GenerateName    string            `json:"generateName"`
		Namespace       string            `json:"namespace"`
		Annotations     map[string]string `json:"annotations"`
		Labels          map[string]string `json:"labels"`
		OwnerReferences []owner           `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		RestartPolicy  string                 `json:"restartPolicy"`
		HostNetwork    bool                   `json:"hostNetwork"`
		InitContainers []container            `json:"initContainers"`
		Containers     []container            `json:"containers"`
		Volumes        []volume               `json:"volumes"`
		OS             *struct{ Name string } `json:"os"`
	} `json:"spec"`
}

type owner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Controller bool   `json:"controller"`
}

type container struct {
	Name           string     `json:"name"`
	Image          string     `json:"image"`
	RestartPolicy  string     `json:"restartPolicy"`
	Command        []string   `json:"command"`
	Args           []string   `json:"args"`
	Ports          []port     `json:"ports"`
	Env            []variable `json:"env"`
	VolumeMounts   []mount    `json:"volumeMounts"`
	LivenessProbe  *handler   `json:"livenessProbe"`
	ReadinessProbe *handler   `json:"readinessProbe"`
	StartupProbe   *handler   `json:"startupProbe"`
	Lifecycle      *lifecycle `json:"lifecycle"`
}

type port struct {
	Name          string `json:"name,omitempty"`
	HostIP        string `json:"hostIP,omitempty"`
	HostPort      int    `json:"hostPort,omitempty"`
	ContainerPort int    `json:"containerPort"`
	Protocol      string `json:"protocol,omitempty"`
}

func (p port) tcp() bool { return p.Protocol == "" || p.Protocol == "TCP" }

func (p port) String() string {
	if p.Name == "" {
		return strconv.Itoa(p.ContainerPort)
	}
	return fmt.Sprintf("%s (%d)", p.Name, p.ContainerPort)
}

type variable struct {
	Name      string          `json:"name"`
	Value     string          `json:"value,omitempty"`
	ValueFrom json.RawMessage `json:"valueFrom,omitempty"`
}

type volume struct {
	Name      string      `json:"name"`
	EmptyDir  *emptyDir   `json:"emptyDir,omitempty"`
	ConfigMap *reference  `json:"configMap,omitempty"`
	Secret    *fromSecret `json:"secret,omitempty"`
}

type emptyDir struct {
	Medium    string `json:"medium,omitempty"`
	SizeLimit string `json:"sizeLimit,omitempty"`
}

type reference struct {
	Name string `json:"name"`
}

type fromSecret struct {
	SecretName string `json:"secretName"`
}

type mount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	ReadOnly  bool   `json:"readOnly,omitempty"`
}

type lifecycle struct {
	PostStart *handler `json:"postStart"`
	PreStop   *handler `json:"preStop"`
}

// handler is how kubelet asks a container something: of a probe, or of a lifecycle hook.
type handler struct {
	HTTPGet   *httpGet `json:"httpGet"`
	TCPSocket *struct {
		Port portNumber `json:"port"`
		Host string     `json:"host"`
	} `json:"tcpSocket"`
	GRPC *struct {
		Port int `json:"port"`
	} `json:"grpc"`
}

type httpGet struct {
	Path        string          `json:"path,omitempty"`
	Port        portNumber      `json:"port"`
	Host        string          `json:"host,omitempty"`
	Scheme      string          `json:"scheme,omitempty"`
	HTTPHeaders json.RawMessage `json:"httpHeaders,omitempty"`
}

// portNumber is a number or a name (intstr.IntOrString).
type portNumber struct {
	number int
	name   string
}

func (p *portNumber) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &p.name)
	}
	return json.Unmarshal(text, &p.number)
}

func (p portNumber) MarshalJSON() ([]byte, error) {
	if p.name != "" {
		return json.Marshal(p.name)
	}
	return json.Marshal(p.number)
}

// in is the number that p means in a container; 0 for none.
func (p portNumber) in(c *container) int {
	if p.name == "" {
		return p.number
	}
	for _, declared := range c.Ports {
		if declared.Name == p.name {
			return declared.ContainerPort
		}
	}
	return 0
}
