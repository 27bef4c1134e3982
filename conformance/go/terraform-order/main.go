// Command terraform-order calls what the data source tencentcloud_redis_backup of the official Terraform provider calls, or what its
// resources and its other data sources call from their creation to their removal (resources.go, data_sources.go), in its order and with its settings: TC3 in POST, English, 300 s, a RequestClient of its own, pages of 20 until one is shorter, and every field of every
// element read through its pointer without a look whether it is there, so that a missing one ends the program.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	"redkeep/conformance/go/models"
)

const pageSize = 20

// settings are read from standard input.
type settings struct {
	// RootDomain is the provider's argument `domain`: `redis.` is put before it. Endpoint is used where there is none.
	RootDomain string `json:"rootDomain"`
	Endpoint   string `json:"endpoint"`
	SecretId   string `json:"secretId"`
	SecretKey  string `json:"secretKey"`
	Region     string `json:"region"`
	// InstanceId may be empty: then all backups of the region are listed.
	InstanceId string `json:"instanceId"`
	// Password and Port are those of the instance to create, NewPort the one that it is moved to; with a password the resources are run in place
	// of the data source.
	Password string `json:"password"`
	Port     int    `json:"port"`
	NewPort  int    `json:"newPort"`
}

type backup struct {
	BackupId, BackupType, StartTime, EndTime, Remark, InstanceId, InstanceName, Region, FileType, ExpireTime string
	Status, Locked, BackupSize, FullBackup, InstanceType                                                     int64
}

// namedTransport puts the provider's name into the request after it was signed, as the provider does.
type namedTransport struct{}

func (namedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	request.Header.Set("X-TC-RequestClient", "Terraform-1.82.0")
	return http.DefaultTransport.RoundTrip(request)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var from settings
	if err := json.NewDecoder(os.Stdin).Decode(&from); err != nil {
		return err
	}
	settings := profile.NewClientProfile()
	settings.Language = "en-US"
	settings.HttpProfile.ReqMethod = "POST"
	settings.HttpProfile.ReqTimeout = 300
	settings.HttpProfile.Scheme = "HTTP"
	settings.HttpProfile.RootDomain = from.RootDomain
	settings.HttpProfile.Endpoint = from.Endpoint
	client := common.NewCommonClient(common.NewCredential(from.SecretId, from.SecretKey), from.Region, settings)
	client.WithHttpTransport(namedTransport{})
	if from.Password != "" {
		result, err := runResources(client, from)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(result)
	}

	var pages []int
	backups := []backup{}
	for offset := int64(0); ; offset += pageSize {
		page, err := describe(client, from.InstanceId, offset)
		if err != nil {
			return err
		}
		pages = append(pages, len(page))
		for _, b := range page {
			backups = append(backups, backup{
				*b.BackupId, *b.BackupType, *b.StartTime, *b.EndTime, *b.Remark, *b.InstanceId, *b.InstanceName, *b.Region, *b.FileType,
				*b.ExpireTime, *b.Status, *b.Locked, *b.BackupSize, *b.FullBackup, *b.InstanceType,
			})
		}
		if len(page) < pageSize {
			break
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"pages": pages, "backups": backups})
}

func describe(client *common.Client, instanceId string, offset int64) ([]*models.RedisBackupSet, error) {
	limit := int64(pageSize)
	request := &models.DescribeInstanceBackupsRequest{
		BaseRequest: models.NewBaseRequest("DescribeInstanceBackups"),
		Limit:       &limit,
		Offset:      &offset,
	}
	if instanceId != "" {
		request.InstanceId = &instanceId
	}
	answer := models.NewAnswer[models.DescribeInstanceBackups]()
	if err := client.Send(request, answer); err != nil {
		return nil, err
	}
	return answer.Response.BackupSet, nil
}
