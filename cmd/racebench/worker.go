package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/fleet"
	"github.com/racebench/racebench/engine/trial"
)

func (a *app) workerCommand() *cobra.Command {
	f := newRunFlags()
	var at natsFlags
	var allow string
	var idle time.Duration
	cmd := &cobra.Command{
		Use:   "worker --nats URL [--allow DIR]",
		Short: "Play parts of campaigns until told to stop",
		Long: `Play parts of the campaigns of a NATS server (racebench campaign) until told to stop. Any number
of workers come and go: what one of them does not end is given to another.

A worker plays only servers that are built into racebench, and only for campaigns of its own
build. With --allow DIR it also starts programs of the scenarios in DIR, which a campaign names
by their hash: no command, path or file comes from a message. What asks for anything else is
refused, counted and taken out of the queue.

The first Ctrl-C gives the part in hand back at once. docs/scale.md says what rights a worker
needs on the server.`,
		Example: `  racebench worker --nats nats://127.0.0.1:4222
  racebench worker --nats tls://nats.example --creds worker.creds --idle 10m
  racebench worker --nats nats://127.0.0.1:4222 --allow .racebench`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if idle < 0 {
				return usagef("--idle %s: a time cannot be negative", idle)
			}
			return a.work(cmd.Context(), f, at, allow, idle)
		},
	}
	fs := cmd.Flags()
	f.set = fs
	at.register(fs)
	fs.StringVar(&allow, "allow", "", "start programs of the scenarios in `DIR`, too")
	fs.DurationVar(&idle, "idle", 0, "end after a `TIME` without work (default: never)")
	fs.IntVarP(&f.parallel, "parallel", "p", f.parallel, "`N` trials at once (default: 1, or all cores in engine sim)")
	f.registerProgress(fs)
	return cmd
}

// work plays parts until ctx ends, or nothing has come for a while.
func (a *app) work(ctx context.Context, f runFlags, at natsFlags, allow string, idle time.Duration) error {
	dir, err := os.MkdirTemp("", "racebench-worker-")
	if err != nil {
		return fmt.Errorf("make a folder for trials: %w", err)
	}
	defer os.RemoveAll(dir)
	player := &fleet.Player{
		Config:  trial.Config{Catalog: a.catalog, Build: toolInfo().Build, Reach: f.reach()},
		AtOnce:  f.atOnce,
		Machine: machineInfo(), Dir: dir,
	}
	if allow != "" {
		var notes []string
		if player.Programs, notes, err = fleet.Folder(allow, a.catalog, time.Now()); err != nil {
			return usageError{err}
		}
		for _, note := range notes {
			a.stderr.Sayf("racebench: left out: %s\n", note)
		}
	}
	name := workerName()
	conn, err := at.connect(ctx, "worker", "racebench worker "+name)
	if err != nil {
		return err
	}
	defer conn.Close()
	progress := a.newProgress(f)
	defer progress.done()
	w := &fleet.Worker{
		Conn: conn, Name: name, Build: player.Config.Build, Folder: allow != "", Prepare: player.Prepare, Idle: idle,
		Tell: func(text string) { erase(a.stderr); a.stderr.Sayf("racebench: %s\n", text) },
		Show: func(played, refused int) { progress.tell(workerLine(played, refused)) },
	}
	a.stderr.Sayf("racebench: worker %s waits for work of build %s at %s\n", name, w.Build, at.server.Plain())
	err = w.Run(ctx)
	erase(a.stderr)
	a.stderr.Sayf("racebench: %s\n", workerLine(w.Played(), w.Refused()))
	if refusal, ok := errors.AsType[fleet.Refusal](err); ok {
		return usageError{refusal}
	}
	return err
}

func workerLine(played, refused int) string {
	line := fmt.Sprintf("%d parts played", played)
	if played == 1 {
		line = "1 part played"
	}
	if refused > 0 {
		line += fmt.Sprintf(", %d refused", refused)
	}
	return line
}

// workerName tells workers apart: the machine's name and the process.
func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "somewhere"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}
