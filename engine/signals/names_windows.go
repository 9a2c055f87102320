package signals

import "slices"

// names are those that scenarios and ledgers from other systems may hold, by Linux' numbers. Windows itself has
// three of them: SIGINT, SIGKILL and SIGTERM.
var names = []string{
	1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV",
	12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 28: "SIGWINCH",
}

func nameOf(number int) string {
	if number < 0 || number >= len(names) {
		return ""
	}
	return names[number]
}

func numberOf(name string) int { return max(0, slices.Index(names, name)) }
