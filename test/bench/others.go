package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sessionTarget is how many times better-auth's requests per CPU second Postern's get-session should have.
const sessionTarget = 40.0

// others compares with programs that people use instead: better-auth on Node over the same database, and nginx, bare and asking better-auth for every
// request. All see the same cookie of the same session.
func (b *bench) others(ctx context.Context) (table, error) {
	if b.postgres == "" {
		return table{{name: "better-auth and nginx", value: "left out: no PostgreSQL"}}, nil
	}
	small, err := b.smallCrowd(ctx)
	if err != nil {
		return nil, err
	}
	b.tell("starting better-auth and nginx")
	var left table
	var all []*contender
	to := func(address, path string) load {
		return load{address: address, request: get(path, address, small.cookie(1)), status: http.StatusOK, connections: b.connections, requests: b.requestCount}
	}
	bare, bareAddress, err := startPeer(ctx, "bare", "http://"+b.upstream, "0")
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	measure := &contender{name: "bare httputil.ReverseProxy, again", by: bare, load: to(bareAddress, "/tasks/42")}
	in, postern, err := b.servedFrom(ctx, "others", small)
	if err != nil {
		return nil, err
	}
	defer postern.stop()
	hit := &contender{name: "postern, authenticated, cached, PostgreSQL", by: postern, load: to(in.address, "/tasks/42")}
	session := &contender{name: "postern, get-session, cached, PostgreSQL", by: postern, load: to(in.address, "/api/auth/get-session")}
	all = append(all, measure, hit, session)
	node, nodeAddress, err := startBetterAuth(ctx, small.url)
	var reference *contender
	if err != nil {
		left = append(left, row{name: "better-auth on Node, get-session", value: "left out: " + err.Error()})
	} else {
		defer node.stop()
		reference = &contender{name: "better-auth on Node, get-session", by: node, load: to(nodeAddress, "/api/auth/get-session")}
		reference.load.requests = min(b.requestCount, 1500) // takes some twenty times as long
		all = append(all, reference)
	}
	for _, asks := range []*process{nil, node} {
		c, err := b.nginx(ctx, asks, nodeAddress)
		if err != nil {
			left = append(left, row{name: "nginx", value: "left out: " + err.Error()})
			break
		}
		defer c.by.stop()
		c.load = to(c.load.address, "/tasks/42")
		if asks != nil {
			c.load.requests = min(b.requestCount, 1500)
		}
		all = append(all, c)
		if node == nil {
			break // nobody to ask
		}
	}
	if err := compete(ctx, all, b.rounds, b.tell); err != nil {
		return nil, err
	}
	var t table
	for _, c := range all {
		t = append(t, c.row(measure))
	}
	if reference != nil {
		times := 1 / session.ratio(reference)
		r := row{name: "postern, get-session, requests per CPU second", value: fmt.Sprintf("%.0f x better-auth's", times)}
		r.judge(times >= sessionTarget, fmt.Sprintf(">= %.0f x", sessionTarget))
		t = append(t, r)
	}
	return append(t, left...), nil
}

// startBetterAuth runs the server of test/compat, which is better-auth as npm has it.
func startBetterAuth(ctx context.Context, database string) (*process, string, error) {
	folder, err := moduleFolder(ctx)
	if err != nil {
		return nil, "", err
	}
	folder = filepath.Join(folder, "test", "compat")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "better-auth")); err != nil {
		return nil, "", errors.New("not installed; run npm ci in test/compat")
	}
	command := exec.CommandContext(ctx, "node", "reference/server.mjs")
	command.Dir = folder
	command.Env = append(os.Environ(), "NODE_ENV=production", "DATABASE_URL="+database, "BETTER_AUTH_SECRET="+benchSecret, "COMPAT_PROFILE=sample")
	p, line, err := startLeashed(command)
	if err != nil {
		return nil, "", fmt.Errorf("better-auth: %w", err)
	}
	var ready struct{ URL string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		p.stop()
		return nil, "", fmt.Errorf("better-auth said %q", line)
	}
	return p, strings.TrimPrefix(ready.URL, "http://"), nil
}

func moduleFolder(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	return strings.TrimSpace(string(output)), nil
}

// startLeashed starts a program that says a line when it is ready, and ends with its standard input.
func startLeashed(command *exec.Cmd) (*process, string, error) {
	_, err := command.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	said, output, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer said.Close()
	command.Stdout = output
	p, err := start(command)
	_ = output.Close() // the child has its own
	if err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, "", errors.New("ended before it was ready")
	}
	return p, line, nil
}

// nginxConfig is that of a careful operator: kept-alive connections, no log of requests, one process, whose CPU time is then all of it.
const nginxConfig = `daemon off;
master_process off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  keepalive_requests 1000000;
  upstream app { server %[2]s; keepalive 256; keepalive_requests 1000000; }
  %[4]s
  server {
    listen %[3]s;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    location / { %[5]s proxy_pass http://app; }
    %[6]s
  }
}
`

// nginx is a contender of which the CPU time of whom it asks is a part.
func (b *bench) nginx(ctx context.Context, asks *process, at string) (*contender, error) {
	c := &contender{name: "nginx, bare", with: asks}
	if asks == nil {
		at = ""
	} else {
		c.name = "nginx, auth_request to better-auth"
	}
	p, address, err := b.startNginx(ctx, at)
	c.by, c.load.address = p, address
	return c, err
}

// startNginx runs nginx in front of the application. With an address of better-auth it asks there about each request.
func (b *bench) startNginx(ctx context.Context, asks string) (*process, string, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil, "", errors.New("not installed; apt install nginx-light")
	}
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	folder, err := os.MkdirTemp(b.folder, "nginx-")
	if err != nil {
		return nil, "", fmt.Errorf("make folder: %w", err)
	}
	upstream, request, location := "", "", ""
	if asks != "" {
		upstream = "upstream auth { server " + asks + "; keepalive 256; keepalive_requests 1000000; }"
		request = "auth_request /_auth;"
		location = `location = /_auth { internal; proxy_pass http://auth/api/auth/get-session; proxy_pass_request_body off; proxy_set_header Content-Length ""; }`
	}
	text := fmt.Sprintf(nginxConfig, folder, b.upstream, address, upstream, request, location)
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, "", fmt.Errorf("write configuration: %w", err)
	}
	command := exec.CommandContext(ctx, program, "-c", file, "-p", folder, "-e", filepath.Join(folder, "error.log"))
	p, err := start(command)
	if err != nil {
		return nil, "", err
	}
	for range 500 {
		if answer, err := http.Get("http://" + address + "/"); err == nil {
			answer.Body.Close()
			return p, address, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.stop()
	return nil, "", errors.New("nginx does not answer")
}
