// Command redis makes the calls that conformance/scenario.md describes through the typed client of product redis in the last version
// of the official Go SDK that was one module.
package main

import (
	"encoding/json"
	"fmt"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	redis "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/redis/v20180412"
	"redkeep/conformance/go/calls"
)

func main() {
	calls.Serve(send)
}

func send(call calls.Call) (interface{}, error) {
	settings := profile.NewClientProfile()
	settings.SignMethod = call.Sign
	settings.HttpProfile.ReqMethod = call.Method
	settings.HttpProfile.Scheme = "HTTP"
	settings.HttpProfile.Endpoint = call.Endpoint
	client, err := redis.NewClient(common.NewCredential(call.SecretId, call.SecretKey), call.Region, settings)
	if err != nil {
		return nil, err
	}
	params := string(call.Params)
	switch call.Action {
	case "DescribeInstances":
		return ask(params, redis.NewDescribeInstancesRequest(), client.DescribeInstances)
	case "ManualBackupInstance":
		return ask(params, redis.NewManualBackupInstanceRequest(), client.ManualBackupInstance)
	case "DescribeTaskInfo":
		return ask(params, redis.NewDescribeTaskInfoRequest(), client.DescribeTaskInfo)
	case "DescribeInstanceBackups":
		return ask(params, redis.NewDescribeInstanceBackupsRequest(), client.DescribeInstanceBackups)
	case "CreateInstances":
		return ask(params, redis.NewCreateInstancesRequest(), client.CreateInstances)
	case "ModifyAutoBackupConfig":
		return ask(params, redis.NewModifyAutoBackupConfigRequest(), client.ModifyAutoBackupConfig)
	case "DescribeAutoBackupConfig":
		return ask(params, redis.NewDescribeAutoBackupConfigRequest(), client.DescribeAutoBackupConfig)
	case "DescribeBackupUrl":
		return ask(params, redis.NewDescribeBackupUrlRequest(), client.DescribeBackupUrl)
	case "ResetPassword":
		return ask(params, redis.NewResetPasswordRequest(), client.ResetPassword)
	case "ClearInstance":
		return ask(params, redis.NewClearInstanceRequest(), client.ClearInstance)
	case "RestoreInstance":
		return ask(params, redis.NewRestoreInstanceRequest(), client.RestoreInstance)
	case "DestroyPostpaidInstance":
		return ask(params, redis.NewDestroyPostpaidInstanceRequest(), client.DestroyPostpaidInstance)
	case "CleanUpInstance":
		return ask(params, redis.NewCleanUpInstanceRequest(), client.CleanUpInstance)
	}
	return nil, fmt.Errorf("no action %s here", call.Action)
}

func ask[Request interface{ FromJsonString(string) error }, Answer any](params string, request Request, send func(Request) (Answer, error)) (interface{}, error) {
	if err := request.FromJsonString(params); err != nil {
		return nil, err
	}
	answer, err := send(request)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var envelope struct{ Response json.RawMessage }
	err = json.Unmarshal(text, &envelope)
	return envelope.Response, err
}
