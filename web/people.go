package web

// SignInPage asks for login and password.
type SignInPage struct {
	Frame
	Login string // as typed
	Next  string // where it leads
	Error string
	Wait  int // seconds before the next try; 0: none
}
