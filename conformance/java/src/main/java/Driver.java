import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.tencentcloudapi.common.AbstractModel;
import com.tencentcloudapi.common.Credential;
import com.tencentcloudapi.common.exception.TencentCloudSDKException;
import com.tencentcloudapi.common.profile.ClientProfile;
import com.tencentcloudapi.common.profile.HttpProfile;
import com.tencentcloudapi.redis.v20180412.RedisClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Makes the calls that conformance/scenario.md describes through the official Java SDK. */
public final class Driver {
  private static final Gson GSON = new Gson();

  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    ExecutorService pool = Executors.newFixedThreadPool(10);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject call = JsonParser.parseString(line).getAsJsonObject();
      List<Future<JsonObject>> outcomes = new ArrayList<>();
      for (int i = 0; i < call.get("times").getAsInt(); i++) {
        outcomes.add(pool.submit(() -> send(call)));
      }
      JsonObject report;
      if (outcomes.size() == 1) {
        report = outcomes.get(0).get();
      } else {
        List<JsonObject> details = new ArrayList<>();
        for (Future<JsonObject> outcome : outcomes) {
          details.add(outcome.get());
        }
        report = report(true, GSON.toJsonTree(details));
      }
      report.add("step", call.get("step"));
      out.println(GSON.toJson(report));
    }
    pool.shutdown();
  }

  private static JsonObject send(JsonObject call) throws Exception {
    RedisClient client = connect(call);
    String action = text(call, "action");
    Class<?> type = Class.forName("com.tencentcloudapi.redis.v20180412.models." + action + "Request");
    Object request = AbstractModel.fromJsonString(call.get("params").toString(), type);
    try {
      AbstractModel answer = (AbstractModel) RedisClient.class.getMethod(action, type).invoke(client, request);
      return report(true, JsonParser.parseString(AbstractModel.toJsonString(answer)));
    } catch (InvocationTargetException thrown) {
      if (!(thrown.getCause() instanceof TencentCloudSDKException)) {
        throw thrown;
      }
      TencentCloudSDKException error = (TencentCloudSDKException) thrown.getCause();
      JsonObject failure = new JsonObject();
      failure.addProperty("code", error.getErrorCode());
      failure.addProperty("message", error.getMessage());
      failure.addProperty("requestId", error.getRequestId());
      return report(false, failure);
    }
  }

  private static RedisClient connect(JsonObject call) {
    HttpProfile http = new HttpProfile();
    http.setProtocol(HttpProfile.REQ_HTTP);
    http.setEndpoint(text(call, "endpoint"));
    http.setReqMethod(text(call, "method"));
    ClientProfile profile = new ClientProfile();
    profile.setSignMethod(text(call, "sign"));
    profile.setHttpProfile(http);
    return new RedisClient(new Credential(text(call, "secretId"), text(call, "secretKey")), text(call, "region"), profile);
  }

  private static JsonObject report(boolean ok, JsonElement detail) {
    JsonObject report = new JsonObject();
    report.addProperty("ok", ok);
    report.add("detail", detail);
    return report;
  }

  private static String text(JsonObject object, String name) {
    return object.get(name).getAsString();
  }
}
