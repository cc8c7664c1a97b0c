# uContact's example with Python's http.client: the body is written by hand, not encoded, and http.client sends it as
# ISO 8859-1. UCONTACT_URL is where it is sent, UCONTACT_TOKEN the token.
import http.client
import os
from urllib.parse import urlsplit

url = urlsplit(os.environ.get("UCONTACT_URL", "http://127.0.0.1:8080"))
connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
connection = connect(url.hostname, url.port)
payload = (
    "callerid=59824001000&agent=eva.muñoz&phone=1001&tech=SIP&context=agentes&outqueue=Ventas->&destination=59899123456"
)
headers = {
    "Authorization": "Basic " + os.environ.get("UCONTACT_TOKEN", "any"),
    "Content-Type": "application/x-www-form-urlencoded",
}
connection.request("POST", "/Integra/resources/Agents/AgentCall", payload, headers)
print(connection.getresponse().read().decode("utf-8"), end="")
