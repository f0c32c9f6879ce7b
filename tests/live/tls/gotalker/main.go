// Both ends of many HTTPS connections at once, as tests/live/tls/talkers.py has them; given a word more, in one of these ways:
//
//	http1, http2  net/http
//	raw           crypto/tls alone, under the most unusual circumstances
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

const clients, rounds = 8, 12

var sizes = [...]int{0, 1, 100, 5_000, 20_000, 50_000}

func body(client, round int) []byte {
	return bytes.Repeat([]byte{byte(97 + client)}, sizes[(client+round)%len(sizes)])
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

var (
	address         = "127.0.0.1:" + os.Args[2]
	serving         = &tls.Config{}
	trusting        = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	warm            = len(os.Args) > 5
	connected, done sync.WaitGroup
	begin           = make(chan struct{})
)

func main() {
	pair, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
	must(err)
	serving.Certificates = []tls.Certificate{pair}
	text, err := os.ReadFile(os.Args[3])
	must(err)
	trusting.RootCAs.AppendCertsFromPEM(text)
	listener, err := net.Listen("tcp", address)
	must(err)
	ask := askRaw
	if os.Args[1] == "raw" {
		go serveRaw(listener)
	} else {
		ask = askHTTP
		server := &http.Server{TLSConfig: serving, Handler: http.HandlerFunc(answer)}
		if os.Args[1] == "http1" {
			server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		}
		go server.ServeTLS(listener, "", "")
	}
	connected.Add(clients)
	done.Add(clients)
	for client := 0; client < clients; client++ {
		go ask(client)
	}
	connected.Wait()
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	close(begin)
	done.Wait()
	if os.Args[1] == "raw" {
		interrupt()
		if moved.Load() == 0 {
			panic("no stack was moved in a call")
		}
	}
}

func answer(to http.ResponseWriter, request *http.Request) {
	text := strings.Replace(request.URL.Path[1:], "/", ":", 1)
	if got, err := io.ReadAll(request.Body); err != nil || int64(len(got)) != request.ContentLength {
		panic("less than was told")
	}
	to.Header().Set("Content-Length", strconv.Itoa(len(text)))
	io.WriteString(to, text)
}

func askHTTP(client int) {
	transport := &http.Transport{TLSClientConfig: trusting.Clone(), ForceAttemptHTTP2: os.Args[1] == "http2"}
	once := func(path string, data []byte, expected string) {
		request, err := http.NewRequestWithContext(
			context.Background(), "POST", "https://"+address+path, bytes.NewReader(data))
		must(err)
		response, err := transport.RoundTrip(request)
		must(err)
		text, err := io.ReadAll(response.Body)
		must(err)
		response.Body.Close()
		if string(text) != expected || (response.ProtoMajor == 2) != (os.Args[1] == "http2") {
			panic(response.Proto + ": " + string(text))
		}
	}
	if warm {
		once("/warm", []byte("warm"), "warm")
	}
	connected.Done()
	<-begin
	for round := 0; round < rounds; round++ {
		path := fmt.Sprintf("/%d/%d", client, round)
		once(path, body(client, round), fmt.Sprintf("%d:%d", client, round))
	}
	transport.CloseIdleConnections()
	done.Done()
}

// wrapped hides what it holds behind another type, whose memory looks like that of a socket with another number.
type wrapped struct {
	_ *[3]uint64
	net.Conn
}

func hidden(inner net.Conn, client int) net.Conn {
	if client%2 == 0 {
		return inner
	}
	return &wrapped{&[3]uint64{0, 0, 3}, inner}
}

var moved atomic.Int64

// read gives the next bytes. Each call has a goroutine of its own, whose stack holds the buffer and is too small for it.
func read(conn *tls.Conn) ([]byte, error) {
	type got struct {
		text []byte
		err  error
	}
	result := make(chan got)
	go func() {
		var part [700]byte
		before := uintptr(unsafe.Pointer(&part))
		n, err := conn.Read(part[:])
		if n > 0 && uintptr(unsafe.Pointer(&part)) != before {
			moved.Add(1)
		}
		result <- got{append([]byte(nil), part[:n]...), err}
	}()
	found := <-result
	return found.text, found.err
}

// next gives a head with its body, of what may be more of them; `rest` is what came behind it the last time.
func next(conn *tls.Conn, rest *[]byte) (head, content string, err error) {
	for {
		if at := bytes.Index(*rest, []byte("\r\n\r\n")); at >= 0 {
			head = string((*rest)[:at])
			size, err := strconv.Atoi(head[strings.LastIndex(head, " ")+1:])
			must(err)
			if len(*rest) >= at+4+size {
				content = string((*rest)[at+4 : at+4+size])
				*rest = (*rest)[at+4+size:]
				return head, content, nil
			}
		}
		text, err := read(conn)
		if err != nil {
			return "", "", err
		}
		*rest = append(*rest, text...)
	}
}

func serveRaw(listener net.Listener) {
	for number := 0; ; number++ {
		inner, err := listener.Accept()
		must(err)
		conn := tls.Server(hidden(inner, number), serving)
		go func() {
			defer conn.Close()
			var rest []byte
			for {
				head, _, err := next(conn, &rest)
				if err != nil {
					return
				}
				text := strings.Replace(strings.Fields(head)[1][1:], "/", ":", 1)
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
			}
		}()
	}
}

func post(conn *tls.Conn, path string, data []byte) {
	_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, len(data))
	must(err)
	for len(data) > 0 {
		part := min(len(data), 30_000)
		_, err = conn.Write(append([]byte(nil), data[:part]...)) // nobody else holds it
		must(err)
		data = data[part:]
		runtime.GC()
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func dial(client int) *tls.Conn {
	inner, err := net.Dial("tcp", address)
	must(err)
	return tls.Client(hidden(inner, client), trusting)
}

// askRaw sends and receives at the same time: all requests follow each other, however long the answers take.
func askRaw(client int) {
	var conn *tls.Conn
	if warm {
		conn = dial(client)
	}
	var rest []byte
	expect := func(text string) {
		_, content, err := next(conn, &rest)
		must(err)
		if content != text {
			panic(content)
		}
	}
	if warm {
		post(conn, "/warm", []byte("warm"))
		expect("warm")
	}
	connected.Done()
	<-begin
	if !warm {
		conn = dial(client)
	}
	go func() {
		for round := 0; round < rounds; round++ {
			post(conn, fmt.Sprintf("/%d/%d", client, round), body(client, round))
		}
	}()
	for round := 0; round < rounds; round++ {
		expect(fmt.Sprintf("%d:%d", client, round))
	}
	must(conn.Close())
	done.Done()
}

// interrupt closes connections while they are read, and uses them after that.
func interrupt() {
	for client := 0; client < clients; client++ {
		conn := dial(client)
		must(conn.Handshake())
		result := make(chan error)
		go func() {
			_, err := read(conn)
			result <- err
		}()
		conn.NetConn().Close()
		if <-result == nil {
			panic("read of a closed connection")
		}
		if _, err := conn.Write([]byte("POST /closed HTTP/1.1\r\n\r\n")); !errors.Is(err, net.ErrClosed) {
			panic(err)
		}
		if n, err := read(conn); n != nil && err == nil {
			panic("read again")
		}
	}
}
