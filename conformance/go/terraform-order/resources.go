package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"redkeep/conformance/go/models"
)

// The life of the resources tencentcloud_redis_instance, _backup_config, _backup_operation, _backup_download_restriction and
// _clear_instance_operation and of the data sources beside them: what the provider calls, in its order, with its polling conditions. What it
// reads without a look is read so here.

const (
	zoneName    = "ap-guangzhou-3"
	timePeriod  = "02:00-03:00"
	newPassword = "battery-staple-8"
	tagLimit    = 10
)

var weekDays = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

type params = map[string]interface{}

type caller struct {
	client *common.Client
	from   settings
}

// call sends one action as the provider's clients do and reads its answer; product and version choose which client that is.
func call[Fields any](c caller, product, version, action string, parameters params) (*Fields, error) {
	request := tchttp.NewCommonRequest(product, version, action)
	if err := request.SetActionParameters(parameters); err != nil {
		return nil, err
	}
	response := tchttp.NewCommonResponse()
	if err := c.client.Send(request, response); err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	answer := models.NewAnswer[Fields]()
	if err := json.Unmarshal(response.GetBody(), answer); err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	return answer.Response, nil
}

func redis[Fields any](c caller, action string, parameters params) (*Fields, error) {
	return call[Fields](c, "redis", models.Version, action, parameters)
}

type started struct{ TaskId *int64 }

type product struct {
	Type                 *int64
	ShardNum, ReplicaNum []*string
}

type sold struct {
	RegionSet []*struct {
		RegionId *string
		ZoneSet  []*struct {
			ZoneName   *string
			IsSaleout  *bool
			ProductSet []*product
		}
	}
}

type instanceSet struct {
	InstanceId, InstanceName, Createtime, WanIp, UniqVpcId, UniqSubnetId                                      *string
	Status, ZoneId, Type, SlaveReadWeight, BillingMode, RedisShardSize, RedisShardNum, RedisReplicasNum, Port *int64
	ProjectId                                                                                                 *int64
	NoAuth                                                                                                    *bool
	InstanceTags                                                                                              []*struct{ TagKey, TagValue *string }
	NodeSet                                                                                                   []*struct{ NodeType, ZoneId, NodeId *int64 }
}

type instances struct {
	TotalCount  *int64
	InstanceSet []*instanceSet
}

// runResources goes through all of them and prints the id of the instance that was.
func runResources(client *common.Client, from settings) (map[string]interface{}, error) {
	c := caller{client, from}
	zones, err := c.zones()
	if err != nil {
		return nil, err
	}
	id, err := c.create(zones)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(string, map[int64]string) error{
		c.read, c.backupConfig, c.backupOperation, c.dataSources, c.shards, c.zoneInfo, c.nodeInfo, c.emptyLists, c.downloadRestriction, c.update, c.resize,
		c.changePort, c.resetPassword, c.clear, c.remove,
	} {
		if err := step(id, zones); err != nil {
			return nil, err
		}
	}
	return map[string]interface{}{"instanceId": id}, nil
}

// zones are the names of the zones by their numbers, which region:DescribeZones tells as text.
func (c caller) zones() (map[int64]string, error) {
	answer, err := call[struct {
		ZoneSet []*struct{ Zone, ZoneId *string }
	}](c, "region", "2022-06-27", "DescribeZones", params{"Product": "redis"})
	if err != nil {
		return nil, err
	}
	zones := map[int64]string{}
	for _, zone := range answer.ZoneSet {
		number, err := strconv.ParseInt(*zone.ZoneId, 10, 64)
		if err != nil {
			return nil, err
		}
		zones[number] = *zone.Zone
	}
	return zones, nil
}

func (c caller) create(zones map[int64]string) (string, error) {
	offer, err := c.product()
	if err != nil {
		return "", err
	}
	var zoneId int64
	for number, name := range zones {
		if name == zoneName {
			zoneId = number
		}
	}
	created, err := redis[struct{ InstanceIds []*string }](c, "CreateInstances", params{
		"ZoneId": zoneId, "TypeId": *offer.Type, "ProjectId": 0, "VPort": c.from.Port, "MemSize": 1024, "BillingMode": 0, "GoodsNum": 1,
		"Period": 1, "RedisShardNum": 1, "RedisReplicasNum": 1, "InstanceName": "terraform_test", "Password": c.from.Password,
	})
	if err != nil {
		return "", err
	}
	id := *created.InstanceIds[0]
	if _, err := c.untilOnline(id); err != nil {
		return "", err
	}
	_, err = call[struct{}](c, "tag", "2018-08-13", "ModifyResourceTags", params{
		"Resource":    fmt.Sprintf("qcs::redis:%s:uin/:instance/%s", c.from.Region, id),
		"ReplaceTags": []params{{"TagKey": "test", "TagValue": "yes"}},
	})
	return id, err
}

func (c caller) product() (*product, error) {
	answer, err := redis[sold](c, "DescribeProductInfo", params{})
	if err != nil {
		return nil, err
	}
	for _, region := range answer.RegionSet {
		for _, zone := range region.ZoneSet {
			if *region.RegionId != c.from.Region || *zone.IsSaleout || *zone.ZoneName != zoneName {
				continue
			}
			for _, offer := range zone.ProductSet {
				isOne := func(number *string) bool { return *number == "1" }
				if *offer.Type > 0 && slices.ContainsFunc(offer.ShardNum, isOne) && slices.ContainsFunc(offer.ReplicaNum, isOne) {
					return offer, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("all redis in zone %s is sold out", zoneName)
}

func (c caller) describe(id string) (*instanceSet, error) {
	answer, err := redis[instances](c, "DescribeInstances", params{"InstanceId": id})
	if err != nil || len(answer.InstanceSet) == 0 {
		return nil, err
	}
	return answer.InstanceSet[0], nil
}

// untilOnline waits through 0 and 1 and ends at any other status.
func (c caller) untilOnline(id string) (*instanceSet, error) {
	for {
		info, err := c.describe(id)
		if err != nil {
			return nil, err
		}
		if info == nil {
			return nil, fmt.Errorf("instance %s does not exist", id)
		}
		if *info.Status == 2 {
			return info, nil
		}
		if *info.Status != 0 && *info.Status != 1 {
			return nil, fmt.Errorf("instance %s has status %d", id, *info.Status)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// read compares what comes back with what was ordered: a difference would be ordered anew for ever.
func (c caller) read(id string, zones map[int64]string) error {
	info, err := c.untilOnline(id)
	if err != nil {
		return err
	}
	tags, err := call[struct {
		Tags []*struct{ TagKey, TagValue, ResourceId *string }
	}](c, "tag", "2018-08-13", "DescribeResourceTagsByResourceIds", params{
		"ServiceType": "redis", "ResourcePrefix": "instance", "ResourceRegion": c.from.Region, "ResourceIds": []string{id}, "Limit": tagLimit, "Offset": 0,
	})
	if err != nil {
		return err
	}
	state := fmt.Sprint(*info.InstanceName, zones[*info.ZoneId], *info.RedisShardNum, *info.RedisReplicasNum, *info.RedisShardSize, *info.UniqVpcId,
		*info.UniqSubnetId, *info.ProjectId, *info.Port, *info.SlaveReadWeight, *info.NoAuth, *info.BillingMode, len(info.NodeSet), *info.WanIp,
		*tags.Tags[0].TagKey, *tags.Tags[0].TagValue, *tags.Tags[0].ResourceId, len(tags.Tags), *info.InstanceTags[0].TagKey)
	wanted := fmt.Sprint("terraform_test", zoneName, int64(1), int64(1), int64(1024), "", "", int64(0), int64(c.from.Port), int64(0), false, int64(0), 0,
		"127.0.0.1", "test", "yes", id, 1, "test")
	if state != wanted {
		return fmt.Errorf("the instance is %s, ordered was %s", state, wanted)
	}
	if _, err := time.Parse(time.DateTime, *info.Createtime); err != nil {
		return err
	}
	return nil
}

type autoBackup struct {
	WeekDays   []*string
	TimePeriod *string
}

func (c caller) backupConfig(id string, _ map[int64]string) error {
	// The second one is what the provider does in place of removing it.
	for _, period := range []string{timePeriod, "00:00-01:00"} {
		request := params{"InstanceId": id, "WeekDays": weekDays, "TimePeriod": period, "AutoBackupType": 1}
		if _, err := redis[autoBackup](c, "ModifyAutoBackupConfig", request); err != nil {
			return err
		}
		config, err := redis[autoBackup](c, "DescribeAutoBackupConfig", params{"InstanceId": id})
		if err != nil {
			return err
		}
		if *config.TimePeriod != period || len(config.WeekDays) != len(weekDays) || *config.WeekDays[0] == "" {
			return fmt.Errorf("the backup config is %s on %d days", *config.TimePeriod, len(config.WeekDays))
		}
	}
	return nil
}

func (c caller) backupOperation(id string, _ map[int64]string) error {
	return c.task("ManualBackupInstance", params{"InstanceId": id, "Remark": "manual backup", "StorageDays": 0})
}

func (c caller) downloadRestriction(string, map[int64]string) error {
	if _, err := redis[struct{}](c, "ModifyBackupDownloadRestriction", params{"LimitType": "LimitOnlyIntranet"}); err != nil {
		return err
	}
	restriction, err := redis[struct {
		LimitType, VpcComparisonSymbol, IpComparisonSymbol *string
	}](c, "DescribeBackupDownloadRestriction", params{})
	if err != nil {
		return err
	}
	if *restriction.LimitType != "LimitOnlyIntranet" {
		return fmt.Errorf("the download restriction is %s", *restriction.LimitType)
	}
	// What was there before.
	_, err = redis[struct{}](c, "ModifyBackupDownloadRestriction", params{"LimitType": "NoLimit"})
	return err
}

func (c caller) update(id string, _ map[int64]string) error {
	request := params{"Operation": "rename", "InstanceIds": []string{id}, "InstanceNames": []string{"terraform_renamed"}}
	if _, err := redis[struct{}](c, "ModifyInstance", request); err != nil {
		return err
	}
	request = params{"Operation": "modifyProject", "InstanceIds": []string{id}, "ProjectId": 7}
	if _, err := redis[struct{}](c, "ModifyInstance", request); err != nil {
		return err
	}
	info, err := c.untilOnline(id)
	if err != nil {
		return err
	}
	if *info.InstanceName != "terraform_renamed" || *info.ProjectId != 7 {
		return fmt.Errorf("the instance is %s in project %d", *info.InstanceName, *info.ProjectId)
	}
	return nil
}

// resize sends the two numbers that stay beside the one that changes, waits until the status is another than 2, and then until it is 2 again.
func (c caller) resize(id string, _ map[int64]string) error {
	request := params{"InstanceId": id, "MemSize": 2048, "RedisShardNum": 1, "RedisReplicasNum": 1}
	deal, err := redis[struct{ DealId *string }](c, "UpgradeInstance", request)
	if err != nil {
		return err
	}
	for hasStarted := false; !hasStarted; time.Sleep(100 * time.Millisecond) {
		info, err := c.describe(id)
		if err != nil {
			return err
		}
		hasStarted = *info.Status != 2
		if !hasStarted && *info.RedisShardSize == 2048 {
			return fmt.Errorf("nobody could see that deal %s was under way", *deal.DealId)
		}
	}
	info, err := c.untilOnline(id)
	if err != nil {
		return err
	}
	if *info.RedisShardSize != 2048 {
		return fmt.Errorf("the instance has %d MB", *info.RedisShardSize)
	}
	return nil
}

// changePort is what a change of `port` needs with `operation_network` changeVPort: no task is looked at, the instance must be at the new port as
// soon as its status is 2.
func (c caller) changePort(id string, _ map[int64]string) error {
	request := params{"InstanceId": id, "Operation": "changeVPort", "VPort": c.from.NewPort}
	if _, err := redis[struct{}](c, "ModifyNetworkConfig", request); err != nil {
		return err
	}
	info, err := c.untilOnline(id)
	if err != nil {
		return err
	}
	if *info.Port != int64(c.from.NewPort) {
		return fmt.Errorf("the instance has port %d, ordered was %d", *info.Port, c.from.NewPort)
	}
	return nil
}

func (c caller) resetPassword(id string, _ map[int64]string) error {
	return c.task("ResetPassword", params{"InstanceId": id, "Password": newPassword, "NoAuth": false})
}

// clear wants the new password.
func (c caller) clear(id string, _ map[int64]string) error {
	return c.task("ClearInstance", params{"InstanceId": id, "Password": newPassword})
}

func (c caller) remove(id string, _ map[int64]string) error {
	info, err := c.untilOnline(id)
	if err != nil {
		return err
	}
	if *info.BillingMode != 0 {
		return fmt.Errorf("the instance is not POSTPAID but %d", *info.BillingMode)
	}
	if err := c.task("DestroyPostpaidInstance", params{"InstanceId": id}); err != nil {
		return err
	}
	if info, err = c.describe(id); err != nil || *info.Status != -2 {
		return fmt.Errorf("after its destruction it is not isolated: %v", err)
	}
	if err := c.task("CleanUpInstance", params{"InstanceId": id}); err != nil {
		return err
	}
	if info, err = c.describe(id); err != nil || info != nil {
		return fmt.Errorf("after its cleaning up it is still there: %v", err)
	}
	return nil
}

// task starts a task and polls it as the provider does: succeed ends, failed and error do too, everything else waits.
func (c caller) task(action string, parameters params) error {
	answer, err := redis[started](c, action, parameters)
	if err != nil {
		return err
	}
	for {
		info, err := redis[models.DescribeTaskInfo](c, "DescribeTaskInfo", params{"TaskId": *answer.TaskId})
		if err != nil {
			return err
		}
		switch *info.Status {
		case "succeed":
			return nil
		case "failed", "error":
			return fmt.Errorf("%s: %s", action, *info.TaskMessage)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
