// go_api is the article's test API on net/http, a goroutine for each connection, around the map of go_map. It answers
// as services/service.h wants.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"afterfree/workloads/go_map/driver"
)

func main() {
	driver.Main(driver.Program{NewCrew: open})
}

type route struct {
	path, method string
	serve        func(s *server, w http.ResponseWriter, r *http.Request)
}

var routes = []route{
	{"/healthz", http.MethodGet, (*server).health},
	{"/build", http.MethodPost, (*server).build},
	{"/release", http.MethodPost, (*server).release},
}

// server answers requests, and has those that are to work do it.
type server struct {
	*requests
	http    http.Server
	records string // the shape's
}

// open listens, tells where, and returns behind the null request.
func open(params *driver.Params) driver.Crew {
	s := &server{records: strconv.FormatUint(params.Records(), 10)}
	s.requests = newRequests(&s.http)
	s.http.Handler = s
	s.http.SetKeepAlivesEnabled(false)
	port := strconv.Itoa(int(params.Port))
	listener, err := net.Listen("tcp4", "127.0.0.1:"+port)
	if err != nil {
		driver.RefuseUsage("port="+port, "cannot listen there on 127.0.0.1: "+err.Error())
	}
	go s.http.Serve(listener)
	driver.WriteLine("service port", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	s.finish(s.take(s.nulls))
	return s
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	for _, route := range routes {
		if r.URL.Path != route.path {
			continue
		}
		if r.Method != route.method {
			w.Header().Set("Allow", route.method)
			answer(w, http.StatusMethodNotAllowed, "not by this method")
			return
		}
		route.serve(s, w, r)
		return
	}
	answer(w, http.StatusNotFound, "there are GET /healthz, POST /build?records=N and POST /release")
}

func (s *server) health(w http.ResponseWriter, r *http.Request) {
	s.workOnce(r, s.nulls)
	answer(w, http.StatusOK, "ok")
}

func (s *server) build(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("records") != s.records {
		answer(w, http.StatusBadRequest,
			"ask for /build?records="+s.records+", or start the service with records=N")
		return
	}
	held, ok := s.work(r, s.builds)
	s.answerWork(w, ok, fmt.Sprintf("records=%s checksum=%d", s.records, held))
}

func (s *server) release(w http.ResponseWriter, r *http.Request) {
	_, ok := s.work(r, s.releases)
	s.answerWork(w, ok, "released")
}

func (s *server) answerWork(w http.ResponseWriter, ok bool, text string) {
	if ok {
		answer(w, http.StatusOK, text)
	} else {
		answer(w, http.StatusServiceUnavailable, "the walk is over")
	}
}
