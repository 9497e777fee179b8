package authflow_test

import (
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow"
)

func TestDevicesHaveNamesPeopleKnow(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"": "Unknown device",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                                  "Chrome on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1":                          "Safari on iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                                                           "Firefox on Linux",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                                                  "Chrome on Android",
		"Mozilla/5.0 (Linux; Android 13; SM-G991B Build/TP1A.220624.014) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36": "Samsung Browser on Android",
		"Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0":                                                                                             "Firefox on Android",
		"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1":                            "Chrome on iPad",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                                            "Safari on macOS",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0":                                    "Edge on Windows",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                                   "Chrome on ChromeOS",
		"curl/8.5.0": "curl", "python-httpx/0.27.0": "python-httpx", "okhttp/4.12.0": "okhttp", "MyApp/1.0 CFNetwork/1496.0.7 Darwin/23.5.0": "MyApp",
		"Mozilla/5.0": "Unknown device", "<script>alert(1)</script>/1.0": "Unknown device", "/": "Unknown device", strings.Repeat("(", 10000): "Unknown device",
	} {
		if got := authflow.DeviceLabel(agent); got != want {
			t.Errorf("%.40q is %q, want %q", agent, got, want)
		}
	}
}
