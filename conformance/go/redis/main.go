// Command redis makes the calls that conformance/scenario.md describes through the typed client of product redis in the last version
// of the official Go SDK that was one module.
package main

import (
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
		request := redis.NewDescribeInstancesRequest()
		if err := request.FromJsonString(params); err != nil {
			return nil, err
		}
		answer, err := client.DescribeInstances(request)
		if err != nil {
			return nil, err
		}
		return answer.Response, nil
	case "ManualBackupInstance":
		request := redis.NewManualBackupInstanceRequest()
		if err := request.FromJsonString(params); err != nil {
			return nil, err
		}
		answer, err := client.ManualBackupInstance(request)
		if err != nil {
			return nil, err
		}
		return answer.Response, nil
	case "DescribeTaskInfo":
		request := redis.NewDescribeTaskInfoRequest()
		if err := request.FromJsonString(params); err != nil {
			return nil, err
		}
		answer, err := client.DescribeTaskInfo(request)
		if err != nil {
			return nil, err
		}
		return answer.Response, nil
	case "DescribeInstanceBackups":
		request := redis.NewDescribeInstanceBackupsRequest()
		if err := request.FromJsonString(params); err != nil {
			return nil, err
		}
		answer, err := client.DescribeInstanceBackups(request)
		if err != nil {
			return nil, err
		}
		return answer.Response, nil
	}
	return nil, fmt.Errorf("no action %s here", call.Action)
}
