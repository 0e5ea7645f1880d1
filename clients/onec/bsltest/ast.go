package bsltest

// module is a parsed module, for one side's preprocessor symbols.
type module struct {
	name  string // as errors print it
	vars  []*varDecl
	procs []*proc
	body  []stmt
	end   Pos
}

type varDecl struct {
	name       string
	export     bool
	directives []directive // of a form's variable: on which side it lives
	pos        Pos
}

// proc is a procedure or a function.
type proc struct {
	name       string
	function   bool
	export     bool
	async      bool
	directives []directive
	params     []param
	vars       []*varDecl
	assigned   map[string]bool // variables that the body makes by assigning; set by the linker
	body       []stmt
	pos, end   Pos
	unit       *unit // where it was loaded; set by the linker
}

// directive is &НаКлиенте, or an extension's &Вместо("Имя").
type directive struct {
	name, target string
	pos          Pos
}

type param struct {
	name    string
	byValue bool
	def     expr // nil: must be given
	pos     Pos
}

type stmt interface{ at() Pos }

type (
	assignStmt struct {
		pos    Pos
		target expr // ident, member or index
		value  expr
	}
	callStmt struct {
		pos Pos
		x   expr
	}
	ifStmt struct {
		pos      Pos
		branches []branch
		els      []stmt
	}
	branch struct {
		cond expr
		body []stmt
	}
	forStmt struct {
		pos      Pos
		name     string
		from, to expr
		body     []stmt
	}
	eachStmt struct {
		pos  Pos
		name string
		in   expr
		body []stmt
	}
	whileStmt struct {
		pos  Pos
		cond expr
		body []stmt
	}
	breakStmt    struct{ pos Pos }
	continueStmt struct{ pos Pos }
	returnStmt   struct {
		pos   Pos
		value expr // nil without
	}
	tryStmt struct {
		pos           Pos
		body, handler []stmt
	}
	raiseStmt struct {
		pos  Pos
		args []expr // none: the caught one again
	}
	executeStmt struct {
		pos Pos
		x   expr
	}
	handlerStmt struct { // ДобавитьОбработчик, УдалитьОбработчик
		pos     Pos
		add     bool
		event   expr
		handler expr
	}
	gotoStmt struct {
		pos   Pos
		label string
	}
	labelStmt struct {
		pos   Pos
		label string
	}
)

func (s *assignStmt) at() Pos   { return s.pos }
func (s *callStmt) at() Pos     { return s.pos }
func (s *ifStmt) at() Pos       { return s.pos }
func (s *forStmt) at() Pos      { return s.pos }
func (s *eachStmt) at() Pos     { return s.pos }
func (s *whileStmt) at() Pos    { return s.pos }
func (s *breakStmt) at() Pos    { return s.pos }
func (s *continueStmt) at() Pos { return s.pos }
func (s *returnStmt) at() Pos   { return s.pos }
func (s *tryStmt) at() Pos      { return s.pos }
func (s *raiseStmt) at() Pos    { return s.pos }
func (s *executeStmt) at() Pos  { return s.pos }
func (s *handlerStmt) at() Pos  { return s.pos }
func (s *gotoStmt) at() Pos     { return s.pos }
func (s *labelStmt) at() Pos    { return s.pos }

type expr interface{ at() Pos }

type (
	literal struct {
		pos   Pos
		value any
	}
	ident struct {
		pos  Pos
		name string
		key  string // lower-case
	}
	member struct {
		pos  Pos // of the name
		x    expr
		name string
	}
	index struct {
		pos  Pos
		x, i expr
	}
	call struct {
		pos  Pos // of the name
		fn   expr
		args []expr // nil: skipped
	}
	unary struct {
		pos Pos
		op  string
		x   expr
	}
	binary struct {
		pos  Pos
		op   string
		x, y expr
	}
	ternary struct {
		pos     Pos
		c, a, b expr
	}
	newExpr struct {
		pos  Pos
		name string // "" for Новый(Тип, Параметры)
		args []expr
	}
	await struct {
		pos Pos
		x   expr
	}
)

func (e *literal) at() Pos { return e.pos }
func (e *ident) at() Pos   { return e.pos }
func (e *member) at() Pos  { return e.pos }
func (e *index) at() Pos   { return e.pos }
func (e *call) at() Pos    { return e.pos }
func (e *unary) at() Pos   { return e.pos }
func (e *binary) at() Pos  { return e.pos }
func (e *ternary) at() Pos { return e.pos }
func (e *newExpr) at() Pos { return e.pos }
func (e *await) at() Pos   { return e.pos }
