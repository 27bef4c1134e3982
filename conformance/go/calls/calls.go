// Package calls reads the calls that conformance/scenario.md describes and reports what came of them.
package calls

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// Call is one line of standard input.
type Call struct {
	Step             string          `json:"step"`
	Sign             string          `json:"sign"`
	Method           string          `json:"method"`
	Endpoint         string          `json:"endpoint"`
	SecretId         string          `json:"secretId"`
	SecretKey        string          `json:"secretKey"`
	Region           string          `json:"region"`
	Action           string          `json:"action"`
	Params           json.RawMessage `json:"params"`
	Times            int             `json:"times"`
	RateLimitRetries int             `json:"rateLimitRetries"`
}

type report struct {
	Step   string      `json:"step,omitempty"`
	Ok     bool        `json:"ok"`
	Detail interface{} `json:"detail"`
}

type failure struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestId string `json:"requestId"`
}

// sdkError is what every version of the SDK raises for an error of the service.
type sdkError interface {
	error
	GetCode() string
	GetMessage() string
	GetRequestId() string
}

// Serve makes each call with send, which returns what the client's models hold, and writes one line for each to standard output.
func Serve(send func(Call) (interface{}, error)) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var call Call
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		outcomes := make([]report, call.Times)
		var sent sync.WaitGroup
		for i := range outcomes {
			sent.Add(1)
			go func(outcome *report) {
				defer sent.Done()
				*outcome = try(call, send)
			}(&outcomes[i])
		}
		sent.Wait()
		answer := report{Ok: true, Detail: outcomes}
		if call.Times == 1 {
			answer = outcomes[0]
		}
		answer.Step = call.Step
		line, err := json.Marshal(answer)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(line))
	}
}

func try(call Call, send func(Call) (interface{}, error)) report {
	answer, err := send(call)
	if err == nil {
		return report{Ok: true, Detail: answer}
	}
	var told sdkError
	if errors.As(err, &told) {
		return report{Detail: failure{told.GetCode(), told.GetMessage(), told.GetRequestId()}}
	}
	return report{Detail: failure{Code: "ClientError", Message: err.Error()}}
}
