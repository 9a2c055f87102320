package external

import (
	"strconv"
	"strings"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/scenario/spec"
)

// A statusPattern is which statuses a good answer has: such as "200", "2xx" or "NOT_FOUND", of gRPC. Empty is any
// below 400, and OK of gRPC.
type statusPattern []string

func (p statusPattern) takes(status int) bool {
	for _, one := range p {
		if extern.StatusName(status) == one || one == "OK" && status == 200 || status < extern.GRPC && fits(one, strconv.Itoa(status)) {
			return true
		}
	}
	return len(p) == 0 && status < 400
}

// fits says whether a number is of a form such as 2xx.
func fits(form, number string) bool {
	for i, c := range form {
		if i >= len(number) || c != 'x' && byte(c) != number[i] {
			return false
		}
	}
	return len(number) == len(form)
}

func (p statusPattern) String() string {
	if len(p) == 0 {
		return "a status below 400"
	}
	return strings.Join(p, " or ")
}

func (g *group) readStatus(v spec.Value, errs *spec.Errors) {
	items := []spec.Value{v}
	if v.Kind == spec.List {
		items = v.Items
	}
	if len(items) == 0 {
		errs.Addf(v, "status is an empty list: write the statuses of a good answer, such as [2xx, 503]")
	}
	for _, item := range items {
		text := item.Text
		_, grpc := extern.StatusOf(text)
		http := len(text) == 3 && strings.Trim(text, "0123456789x") == "" && text[0] >= '1' && text[0] <= '5'
		if item.Kind != spec.Scalar || !grpc && !http {
			errs.Addf(item, "status %q: write one such as 200, 2xx or, of gRPC, NOT_FOUND; or a list of them", text)
			continue
		}
		g.status = append(g.status, text)
	}
}
