package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// serveFlag makes this program the server's process.
const serveFlag = "-serve"

// A process is a server of its own, a contender.
type process struct {
	address
	in      io.WriteCloser
	answers *bufio.Scanner
	cmd     *exec.Cmd
}

// start starts this program once more, as a server.
func start(ctx context.Context, o order, stderr io.Writer) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "e2e", serveFlag)
	cmd.Stderr = stderr
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{in: in, answers: bufio.NewScanner(out), cmd: cmd}
	if err := p.ask(o, &p.address); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// ask writes a line and reads one.
func (p *process) ask(question, answer any) error {
	line, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("e2e: the server's process: %w", err)
	}
	if !p.answers.Scan() {
		return errors.Join(errors.New("e2e: the server's process does not answer"), p.answers.Err())
	}
	return json.Unmarshal(p.answers.Bytes(), answer)
}

// cpu returns the CPU time that the server has used, and false where the system does not say.
func (p *process) cpu() (time.Duration, bool, error) {
	var u usage
	err := p.ask("cpu", &u)
	return u.CPU, u.Error == "", err
}

// stop ends the server, and waits until it is gone.
func (p *process) stop() error {
	err := p.in.Close()
	return errors.Join(err, p.cmd.Wait())
}
