namespace IdentityServer.ApiDocs;

/// <summary>The API's description and the pages that show it: the section <c>ApiDocs</c>.</summary>
public sealed class ApiDocsOptions
{
    /// <summary>Whether <c>/openapi/v1.json</c>, <c>/swagger</c> and <c>/redoc</c> are there. In Development they are unless this is false, elsewhere only if it is true.</summary>
    public bool? Enabled { get; set; }
}
