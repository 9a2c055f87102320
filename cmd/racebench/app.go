package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/all"
)

// Exit statuses, as the documentation promises them.
const (
	statusPassed      = 0
	statusFinding     = 1
	statusUsage       = 2
	statusUntested    = 3
	statusBroken      = 4
	statusInterrupted = 128 // plus the signal's number
)

// An app is one invocation of the command line.
type app struct {
	ctx        context.Context // of the whole invocation: it ends with the first signal
	args       []string        // as the user gave them
	stdout     *console.Writer
	out        *output // what stdout writes to
	stderr     *console.Writer
	catalog    trial.Catalog
	status     int
	begun      bool                        // the arguments were understood and a command is running
	cutShort   bool                        // the run was ended before it was done
	worked     string                      // what a demonstration showed, in place of the verdict
	alsoFailed []string                    // why it fails though the verdict is no finding
	files      *namedFiles                 // that flags name
	found      map[string]bool             // arguments that were found in a folder, and not named
	projects   map[string]scenario.Project // by their files
	caught     atomic.Int32                // the signal that interrupted us
}

// A usageError is a mistake of the caller: status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A notTestedError says that there was nothing to test: status 3.
type notTestedError struct{ error }

func (e notTestedError) Unwrap() error { return e.error }

// run is the whole program as a function, so that tests can call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	args, err := withEnvironment(args, os.Getenv("RACEBENCH_FLAGS"))
	a := &app{args: args, out: &output{w: stdout}, stderr: console.New(stderr), catalog: all.Targets()}
	a.stdout = console.New(a.out)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.ctx, a.files = ctx, newNamedFiles(ctx)
	defer a.watchSignals(cancel)()
	if err != nil {
		return a.exitStatus(err)
	}
	root := a.root()
	root.SetArgs(asGoWrites(args))
	return a.exitStatus(root.ExecuteContext(ctx))
}

// oneRequest is for how long signals are the same request as the first: who asks a process and then its group, as
// timeout(1) does, asks once.
const oneRequest = time.Second

// watchSignals lets the first SIGINT or SIGTERM finish what is under way, and one that comes later than oneRequest
// leave at once: no child outlives its parent. SIGPIPE is caught so that a reader who leaves early (racebench run | head)
// ends the printing and not the run. It is caught rather than ignored, because children would inherit that.
func (a *app) watchSignals(cancel context.CancelFunc) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		var asked time.Time
		for {
			select {
			case sig := <-signals:
				number := int32(sig.(syscall.Signal))
				if !asked.IsZero() && time.Since(asked) < oneRequest {
					continue
				}
				if !asked.IsZero() {
					custody.RemoveAll()
					os.Exit(statusInterrupted + int(number))
				}
				asked = time.Now()
				a.caught.Store(number)
				erase(a.stderr)
				a.stderr.Say("racebench: stopping; what is finished will be written (again to leave at once)")
				cancel()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// exitStatus maps how the command ended to the status that scripts rely on. An interruption
// outranks every finding, and a result that could not be written is no result.
func (a *app) exitStatus(err error) int {
	sig := a.caught.Load()
	if sig == 0 || !errors.Is(err, context.Canceled) {
		err = errors.Join(err, a.out.err)
	} else {
		err = a.out.err
	}
	if err != nil {
		a.complain(err)
	}
	var usage usageError
	var large *search.TooLarge
	var idle notTestedError
	switch {
	case sig != 0:
		return statusInterrupted + int(sig)
	case err == nil:
		return a.status
	case errors.As(err, &usage), errors.As(err, &large), errors.Is(err, trial.ErrNoSecret), !a.begun:
		return statusUsage
	case errors.As(err, &idle), errors.Is(err, trial.ErrStale):
		return statusUntested
	default:
		return statusBroken
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "racebench",
		Short: "Find out what a server loses when it stops",
		Long: `racebench runs a server under load, stops it at a random moment with a real signal,
and checks what its clients were promised: nothing lost, nothing hung, nothing
leaked. It tests any external program (probe), and the servers in Go that are built into it.`,
		Example: `  racebench demo                       a lost message on a real SIGTERM, in about 15 s
  racebench run broker/timeout-drain   one design of the broker under the broker's own load
  racebench init broker                write a scenario to start from`,
		Version:       versionLine(),
		SilenceUsage:  true,
		SilenceErrors: true,
		// From here on an error is not about how the command was called.
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			a.begun = true
			a.sweep(cmd.Name())
		},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q%s: see racebench --help", args[0], didYouMean(args[0], commandNames(cmd)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.Flags().Bool("version", false, "print the version") // cobra's own would take -v
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(explainFlag)
	root.AddCommand(a.demoCommand(), a.runCommand(), a.probeCommand(), a.loadCommand(), a.fuzzCommand(), a.replayCommand(), a.judgeCommand(), a.compareCommand(), a.gateCommand(), a.reportCommand(),
		a.listCommand(), a.explainCommand(), a.corpusCommand(), a.campaignCommand(), a.workerCommand(),
		a.initCommand(), a.validateCommand(), a.schemaCommand(), a.doctorCommand(), a.versionCommand())
	root.AddCommand(a.extraCommands()...)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.RunE, cmd.Run = func(_ *cobra.Command, args []string) error { return helpOn(root, args) }, nil
		case "completion":
			cmd.Args, cmd.RunE = noArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	return root
}

// helpOn prints a command's help. Cobra's own answers an unknown name with status 0.
func helpOn(root *cobra.Command, args []string) error {
	cmd, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return usagef("there is no command %q%s: see racebench --help", args[0], didYouMean(args[0], commandNames(root)))
	}
	cmd.InitDefaultHelpFlag()
	return cmd.Help()
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, cmd := range root.Commands() {
		names = append(names, cmd.Name())
	}
	slices.Sort(names)
	return names
}
