import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * uContact's example with OkHttp 4: the body is written by hand, not encoded. UCONTACT_URL is where it is sent,
 * UCONTACT_TOKEN the token. With OkHttp and its libraries on the class path: java -cp … OkHttpCall.java
 */
public class OkHttpCall {
    public static void main(String[] args) throws Exception {
        String url = System.getenv().getOrDefault("UCONTACT_URL", "http://127.0.0.1:8080");
        OkHttpClient client = new OkHttpClient();
        MediaType mediaType = MediaType.parse("application/x-www-form-urlencoded");
        RequestBody body = RequestBody.create(
                "callerid=59824001000&agent=eva.muñoz&phone=1001&tech=SIP&context=agentes&outqueue=Ventas->"
                        + "&destination=59899123456",
                mediaType);
        Request request = new Request.Builder()
                .url(url + "/Integra/resources/Agents/AgentCall")
                .method("POST", body)
                .addHeader("Authorization", "Basic " + System.getenv().getOrDefault("UCONTACT_TOKEN", "any"))
                .addHeader("Content-Type", "application/x-www-form-urlencoded")
                .build();
        try (Response response = client.newCall(request).execute()) {
            System.out.print(response.body().string());
        }
    }
}
