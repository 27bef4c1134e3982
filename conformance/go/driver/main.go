// Command driver makes the calls that conformance/scenario.md describes through the client of today's official Go SDK.
package main

import (
	"encoding/json"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	"redkeep/conformance/go/calls"
	"redkeep/conformance/go/models"
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
	settings.RateLimitExceededMaxRetries = call.RateLimitRetries
	client := common.NewCommonClient(common.NewCredential(call.SecretId, call.SecretKey), call.Region, settings)
	base := models.NewBaseRequest(call.Action)
	switch call.Action {
	case "DescribeInstances":
		return ask[models.DescribeInstances](client, call, &models.DescribeInstancesRequest{BaseRequest: base})
	case "ManualBackupInstance":
		return ask[models.ManualBackupInstance](client, call, &models.ManualBackupInstanceRequest{BaseRequest: base})
	case "DescribeTaskInfo":
		return ask[models.DescribeTaskInfo](client, call, &models.DescribeTaskInfoRequest{BaseRequest: base})
	case "DescribeInstanceBackups":
		return ask[models.DescribeInstanceBackups](client, call, &models.DescribeInstanceBackupsRequest{BaseRequest: base})
	}
	return askByName(client, call)
}

// askByName sends what there are no structures for as the SDK's own request for any action.
func askByName(client *common.Client, call calls.Call) (interface{}, error) {
	parameters := map[string]interface{}{}
	if err := json.Unmarshal(call.Params, &parameters); err != nil {
		return nil, err
	}
	request := tchttp.NewCommonRequest("redis", models.Version, call.Action)
	if err := request.SetActionParameters(parameters); err != nil {
		return nil, err
	}
	response := tchttp.NewCommonResponse()
	if err := client.Send(request, response); err != nil {
		return nil, err
	}
	answer := models.NewAnswer[map[string]interface{}]()
	if err := json.Unmarshal(response.GetBody(), answer); err != nil {
		return nil, err
	}
	return answer.Response, nil
}

func ask[Fields any](client *common.Client, call calls.Call, request tchttp.Request) (*Fields, error) {
	if err := json.Unmarshal(call.Params, request); err != nil {
		return nil, err
	}
	answer := models.NewAnswer[Fields]()
	if err := client.Send(request, answer); err != nil {
		return nil, err
	}
	return answer.Response, nil
}
