package egress_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/social/egress"
)

func TestConfigSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]egress.Config{
		"":                                   {Timeout: 10 * time.Second, ProxyURL: "http://user:secret@proxy.internal:3128"},
		"timeout: 0s is not between":         {},
		"timeout: 1h0m0s is not between":     {Timeout: time.Hour},
		"proxy_url: is not an http or https": {Timeout: time.Second, ProxyURL: "socks5://user:secret@proxy.internal"},
	} {
		err := cfg.Validate()
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
