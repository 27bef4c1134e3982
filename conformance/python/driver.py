"""Makes the calls that conformance/scenario.md describes through the official Python SDK."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.redis.v20180412 import models, redis_client


def connect(call):
    # An endpoint that is a whole URL brings its own protocol; Host is then that URL.
    protocol = None if call["endpoint"].startswith("http") else "http"
    http = HttpProfile(protocol=protocol, endpoint=call["endpoint"], reqMethod=call["method"])
    profile = ClientProfile(signMethod=call["sign"], httpProfile=http)
    return redis_client.RedisClient(Credential(call["secretId"], call["secretKey"]), call["region"], profile)


def send(call):
    request = getattr(models, call["action"] + "Request")()
    request.from_json_string(json.dumps(call["params"]))
    try:
        answer = getattr(connect(call), call["action"])(request)
    except TencentCloudSDKException as error:
        detail = {"code": error.get_code(), "message": error.get_message(), "requestId": error.get_request_id()}
        return {"ok": False, "detail": detail}
    return {"ok": True, "detail": json.loads(answer.to_json_string())}


def main():
    with ThreadPoolExecutor(10) as pool:
        for line in sys.stdin:
            call = json.loads(line)
            outcomes = list(pool.map(send, [call] * call["times"]))
            answer = outcomes[0] if len(outcomes) == 1 else {"ok": True, "detail": outcomes}
            print(json.dumps({"step": call["step"], **answer}), flush=True)


main()
