package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// blocksBelow is the width under which tables become blocks of "key: value".
const blocksBelow = 60

// A column of a table. Cells are whole or not there at all: a number that was cut is a wrong number.
type column struct {
	head  string
	right bool // numbers
	// drop says when the column goes if the table is too wide: the highest first, 0 never.
	drop   int
	cells  []string
	legend string // the column's meaning, for a newcomer
	style  func(row int) lipgloss.Style
	short  *shorter
}

// A shorter form takes a column's place before anything of a lower rank is dropped.
type shorter struct {
	rank         int
	head, legend string
	cells        []string
}

// A table is columns of equal length; the first names the rows.
type table struct {
	columns []*column
}

// add appends a column unless no row has anything in it.
func (t *table) add(c *column) {
	for _, cell := range c.cells {
		if cell != "" && cell != nothing {
			t.columns = append(t.columns, c)
			return
		}
	}
}

// keep appends a column whether or not a row has anything in it: columns that come and go make tables hard to compare.
func (t *table) keep(c *column) { t.columns = append(t.columns, c) }

// nothing stands where a row has no value.
const nothing = "–"

// rank says when something happens to the column; the highest comes first.
func (c *column) rank() int {
	if c.short != nil {
		return c.short.rank
	}
	return c.drop
}

func (c *column) width() int {
	w := lipgloss.Width(c.head)
	for _, cell := range c.cells {
		w = max(w, lipgloss.Width(cell))
	}
	return w
}

func (t *table) width() int {
	w := 2 - gutter
	for _, c := range t.columns {
		w += gutter + c.width()
	}
	return w
}

// fit shortens and drops columns until the table is no wider than width, and abbreviates the rows' names
// last.
func (t *table) fit(width int) {
	for t.width() > width {
		at := 0
		for i, c := range t.columns {
			if c.rank() > t.columns[at].rank() {
				at = i
			}
		}
		c := t.columns[at]
		switch {
		case c.rank() == 0:
			t.abbreviate(width)
			return
		case c.short != nil:
			c.head, c.legend, c.cells, c.short = c.short.head, c.short.legend, c.short.cells, nil
		default:
			t.columns = append(t.columns[:at:at], t.columns[at+1:]...)
		}
	}
}

// leastName is how short a name may become.
const leastName = 8

func (t *table) abbreviate(width int) {
	names := t.columns[0]
	room := max(leastName, lipgloss.Width(names.head), width-t.width()+names.width())
	for i, name := range names.cells {
		names.cells[i] = elide(name, room)
	}
}

// elide takes the middle out of a name: variants of one family differ at their ends.
func elide(name string, room int) string {
	if lipgloss.Width(name) <= room {
		return name
	}
	runes := []rune(name)
	head, tail := (room-1+1)/2, (room-1)/2
	for head > 0 && lipgloss.Width(string(runes[:min(head, len(runes))]))+1+lipgloss.Width(string(runes[max(0, len(runes)-tail):])) > room {
		head--
		tail = max(0, tail-1)
	}
	return string(runes[:min(head, len(runes))]) + "…" + string(runes[max(0, len(runes)-tail):])
}

// table writes a table as columns, or as blocks where there is no room for columns.
func (p *painter) table(t *table) {
	if len(t.columns) == 0 {
		return
	}
	if p.width < blocksBelow {
		p.blocks(t)
		return
	}
	t.fit(p.width)
	var head []string
	for _, c := range t.columns {
		head = append(head, align(c, c.head))
	}
	p.line(p.bold, strings.TrimRight("  "+strings.Join(head, "  "), " "))
	for row := range t.columns[0].cells {
		var cells []string
		for _, c := range t.columns {
			cell := align(c, c.cells[row])
			if c.style != nil {
				cell = paint(c.style(row), cell)
			}
			cells = append(cells, cell)
		}
		p.b.WriteString(strings.TrimRight("  "+strings.Join(cells, "  "), " ") + "\n")
	}
}

func align(c *column, cell string) string {
	pad := strings.Repeat(" ", c.width()-lipgloss.Width(cell))
	if c.right {
		return pad + cell
	}
	return cell + pad
}

// blocks writes each row as its name and lines of "key: value".
func (p *painter) blocks(t *table) {
	for row, name := range t.columns[0].cells {
		if row > 0 {
			p.blank()
		}
		p.text(p.bold, 2, 4, name)
		for _, c := range t.columns[1:] {
			style := lipgloss.Style{}
			if c.style != nil {
				style = c.style(row)
			}
			if c.cells[row] != "" && c.cells[row] != nothing {
				p.marked(style, 4, 6, strings.ToLower(c.head)+":", c.cells[row])
			}
		}
	}
}
