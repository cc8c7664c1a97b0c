// uContact's example with C#'s HttpClient. UCONTACT_URL is where it is sent, UCONTACT_TOKEN the token.
using System;
using System.Collections.Generic;
using System.Net.Http;

var url = Environment.GetEnvironmentVariable("UCONTACT_URL") ?? "http://127.0.0.1:8080";
var token = Environment.GetEnvironmentVariable("UCONTACT_TOKEN") ?? "any";

using var client = new HttpClient();
var request = new HttpRequestMessage(HttpMethod.Post, url + "/Integra/resources/Agents/AgentCall");
request.Headers.Add("Authorization", "Basic " + token);
request.Content = new FormUrlEncodedContent(new List<KeyValuePair<string, string>>
{
    new("callerid", "59824001000"),
    new("agent", "eva.muñoz"),
    new("phone", "1001"),
    new("tech", "SIP"),
    new("context", "agentes"),
    new("outqueue", "Ventas->"),
    new("destination", "59899123456"),
});
var response = await client.SendAsync(request);
Console.Write(await response.Content.ReadAsStringAsync());
