package injector

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// What a pod's annotations and labels are called.
const (
	prefix = "postern.dev/"

	annotationInject        = prefix + "inject"         // "true" asks for Postern
	annotationContainer     = prefix + "container"      // the application's container
	annotationUpstreamPort  = prefix + "upstream-port"  // where the application listens: number or name
	annotationUnixSocket    = prefix + "unix-socket"    // "true" moves the application to a Unix socket
	annotationSecret        = prefix + "secret"         // replaces injector.secret_name
	annotationConfigMap     = prefix + "config-map"     // replaces injector.config_map_name
	annotationPublicURL     = prefix + "public-url"     // server.public_url
	annotationRoutes        = prefix + "routes"         // routes, as YAML
	annotationDefaultAuth   = prefix + "default-auth"   // default_auth
	annotationImage         = prefix + "image"          // replaces injector.image
	annotationCPURequest    = prefix + "cpu-request"    // these four replace injector.resources
	annotationCPULimit      = prefix + "cpu-limit"      //
	annotationMemoryRequest = prefix + "memory-request" //
	annotationMemoryLimit   = prefix + "memory-limit"   //

	// annotationStatus is what the injector leaves on a pod.
	annotationStatus = prefix + "status"

	// labelExclude, as "true", keeps a pod out, whatever its annotations say. It is a label so that the API server need not even ask.
	labelExclude = prefix + "exclude"

	// The container that kubectl means by default, which we take for the application's.
	annotationDefaultContainer = "kubectl.kubernetes.io/default-container"
)

// known are the annotations that a pod may have.
var known = []string{
	annotationInject, annotationContainer, annotationUpstreamPort, annotationUnixSocket, annotationSecret, annotationConfigMap,
	annotationPublicURL, annotationRoutes, annotationDefaultAuth, annotationImage, annotationCPURequest, annotationCPULimit,
	annotationMemoryRequest, annotationMemoryLimit, annotationStatus,
}

// Invalid tells why a pod cannot be injected as its annotations ask: all reasons, each beginning with what it is about.
type Invalid struct{ Problems []string }

func (e *Invalid) Error() string {
	return "postern cannot be injected: " + strings.Join(e.Problems, "; ")
}

func (e *Invalid) add(about, format string, args ...any) {
	e.Problems = append(e.Problems, about+": "+fmt.Sprintf(format, args...))
}

func (e *Invalid) err() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// wish is what a pod's annotations ask for, defaults filled in.
type wish struct {
	container   string     // empty: to be guessed
	upstream    portNumber // zero: to be guessed
	socket      bool
	secret      string
	configMap   string
	publicURL   string
	routes      string
	defaultAuth string
	image       string
	resources   Resources
}

// read checks annotations one by one. What depends on the rest of the pod is checked later.
func (o Options) read(annotations map[string]string, found *Invalid) wish {
	w := wish{secret: o.Secret, configMap: o.ConfigMap, image: o.Image, resources: o.Resources}
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if err := o.readOne(&w, name, annotations[name]); err != nil {
			found.add(name, "%v", err)
		}
	}
	if amount(w.resources.CPURequest) > amount(w.resources.CPULimit) && w.resources.CPULimit != "" {
		found.add(annotationCPURequest, "%s is more than the limit, %s", w.resources.CPURequest, w.resources.CPULimit)
	}
	if amount(w.resources.MemoryRequest) > amount(w.resources.MemoryLimit) && w.resources.MemoryLimit != "" {
		found.add(annotationMemoryRequest, "%s is more than the limit, %s", w.resources.MemoryRequest, w.resources.MemoryLimit)
	}
	return w
}

func (o Options) readOne(w *wish, name, value string) (err error) {
	switch name {
	case annotationInject, annotationStatus: // read before
	case annotationContainer:
		w.container = value
	case annotationUpstreamPort:
		w.upstream, err = parsePort(value)
	case annotationUnixSocket:
		w.socket, err = parseBool(value)
	case annotationSecret:
		w.secret, err = value, checkObjectName(value)
	case annotationConfigMap:
		w.configMap, err = value, checkObjectName(value)
	case annotationPublicURL:
		w.publicURL, err = value, checkPublicURL(value)
	case annotationRoutes:
		w.routes = value
		if o.CheckRoutes != nil {
			err = o.CheckRoutes(value)
		}
	case annotationDefaultAuth:
		w.defaultAuth = value
		if !slices.Contains([]string{"public", "optional", "required"}, value) {
			err = fmt.Errorf("%q is not public, optional or required", value)
		}
	case annotationImage:
		w.image = value
		if value == "" || strings.ContainsAny(value, " \t\n") {
			err = fmt.Errorf("%q is no image", value)
		}
	case annotationCPURequest:
		w.resources.CPURequest, err = value, checkQuantity(value)
	case annotationCPULimit:
		w.resources.CPULimit, err = value, checkQuantity(value)
	case annotationMemoryRequest:
		w.resources.MemoryRequest, err = value, checkQuantity(value)
	case annotationMemoryLimit:
		w.resources.MemoryLimit, err = value, checkQuantity(value)
	default:
		err = fmt.Errorf("is no annotation of postern; there are %s", strings.Join(known, ", "))
	}
	return err
}

func parsePort(value string) (portNumber, error) {
	number, err := strconv.Atoi(value)
	switch {
	case err == nil && (number < 1 || number > 65535):
		return portNumber{}, fmt.Errorf("%s is not between 1 and 65535", value)
	case err == nil:
		return portNumber{number: number}, nil
	case !portName.MatchString(value):
		return portNumber{}, fmt.Errorf("%q is neither a number from 1 to 65535 nor the name of a port", value)
	}
	return portNumber{name: value}, nil
}

func parseBool(value string) (bool, error) {
	switch value {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf(`%q is neither "true" nor "false"`, value)
}

func checkObjectName(value string) error {
	if !isObjectName(value) {
		return fmt.Errorf("%q is no name of an object: lower-case letters, digits, - and . are", value)
	}
	return nil
}

func checkQuantity(value string) error {
	if !isQuantity(value) {
		return fmt.Errorf("%q is no quantity such as 50m or 128Mi", value)
	}
	return nil
}

func checkPublicURL(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.TrimSuffix(value, "/") != u.Scheme+"://"+u.Host {
		return errors.New("is not scheme and host alone, as in https://app.example.com")
	}
	return nil
}
