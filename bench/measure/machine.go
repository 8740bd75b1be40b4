package measure

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Machine is where and when something was measured.
type Machine struct {
	Processor string    `json:"processor"` // as the operating system names it; the architecture where it does not
	Cores     int       `json:"cores"`     // that Go uses
	OS        string    `json:"os"`
	Go        string    `json:"go"`
	Load      string    `json:"load,omitempty"`   // the load averages before the run, where the system tells them
	Stolen    float64   `json:"stolen,omitempty"` // what Stolen says of the run
	When      time.Time `json:"when"`
}

// ThisMachine describes the machine that it runs on.
func ThisMachine() Machine {
	m := Machine{
		Processor: runtime.GOARCH, Cores: runtime.GOMAXPROCS(0), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		When: time.Now().UTC().Truncate(time.Second),
	}
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				m.Processor = strings.TrimSpace(value)
				break
			}
		}
	}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		if fields := strings.Fields(string(b)); len(fields) >= 3 {
			m.Load = strings.Join(fields[:3], " ")
		}
	}
	return m
}

// String tells it in a line.
func (m Machine) String() string {
	text := fmt.Sprintf("%s, %d cores, %s, %s, %s", m.Processor, m.Cores, m.OS, m.Go, m.When.Format("2 January 2006"))
	if m.Load != "" {
		text += ", load averages before the run " + m.Load
	}
	if m.Stolen >= 0.005 {
		text += fmt.Sprintf(", %.0f %% of the processors' time taken by the host", 100*m.Stolen)
	}
	return text
}
